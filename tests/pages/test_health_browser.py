"""The page of model health in a real browser: an analyst reads, sorts, and looks at one model."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import until
from tests.fakes_actions import OFFICER
from tests.pages.fit import resize

FIRST_MODEL = """(document.querySelector('#health-models-content tbody tr:nth-child(2) a') || {})
  .textContent"""
BARS = """document.getElementById('health-bands-model-chart')
  .querySelector('.js-plotly-plot').data[0].y.length"""


def goes_on_until_compared(page, reader) -> None:
    """Cycles follow each other; the models are shown with the first one after they are there."""

    def compared() -> bool:
        reader.advance()
        return "Adaptive history" in page.text("#health-models-content")

    until(compared, "the models were never compared")


@pytest.fixture
def health(page, reader):
    def show(address: str = "", **more):
        page.open(f"models{address}", wait_for="#health-view", **more)
        goes_on_until_compared(page, reader)
        return page

    return show


def test_an_analyst_comes_from_var_and_reads_the_verdict(page, reader):
    page.open("var?tz=Europe/Zurich&unit=money", wait_for="#var-view")

    def offered() -> bool:
        reader.advance()
        return "models and how they were tested" in page.text("#var-models")

    until(offered, "all models were never offered")
    link = By.PARTIAL_LINK_TEXT, "models and how they were tested"
    # A cycle may put another one in its place.
    until(lambda: page.driver.find_element(*link).click() is None, "never followed")

    page.sees("#health-answer", "Nothing speaks against VaR")
    page.sees("#health-doubts", "cannot show whether they cluster")
    assert "/models?tz=Europe/Zurich" in page.driver.current_url
    assert "unit" not in page.driver.current_url
    assert page.problems() == []


def test_the_table_is_sorted_and_a_model_chosen_by_links_that_the_address_keeps(health, reader):
    page = health()
    page.click("#choose-sort a:last-child")
    until(lambda: page.run(FIRST_MODEL) == "Adaptive history", "the table was never sorted")
    page.driver.find_element(By.LINK_TEXT, "EWMA normal").click()

    page.sees("#health-bands-model", "EWMA normal, 250 days")
    assert "model=ewma_normal" in page.driver.current_url
    assert "sort=name" in page.driver.current_url
    until(lambda: page.run(BARS) == 5, "its bands were never drawn")
    page.driver.refresh()
    page.sees("#health-bands-model", "EWMA normal, 250 days")
    assert page.run(FIRST_MODEL) == "Adaptive history"
    page.driver.back()
    page.sees("#health-bands-model", "Filtered, Pareto tail, 250 days")
    assert page.problems() == []


def test_a_cycle_that_brings_no_new_day_changes_no_chart(health, reader):
    page = health()
    until(lambda: page.run("!!document.querySelector('#health-light-chart .main-svg')"), "no plot")
    page.run("document.querySelector('#health-light-chart .main-svg').dataset.drawn = 'before'")
    cycle = page.run("document.getElementById('health-view').dataset.cycle")
    reader.advance(0.001)

    def went_on() -> bool:
        return page.run("document.getElementById('health-view').dataset.cycle") != cycle

    until(went_on, "the page never followed")
    drawn = "document.querySelector('#health-light-chart .main-svg').dataset.drawn"
    assert page.run(drawn) == "before"
    assert page.problems() == []


def test_nothing_sticks_out_and_a_telephone_keeps_model_hits_and_light(health):
    page = health(width=390)
    for width, columns in ((390, 3), (1440, 8)):
        resize(page, width)
        shown = page.run(
            """[...document.querySelectorAll('#health-models-content thead th')]
              .filter(head => head.checkVisibility())
              .map(head => head.innerText.trim().split('\\n')[0])"""
        )

        assert page.run("document.documentElement.scrollWidth") <= width
        assert len(shown) == columns
        assert [shown[0], shown[-1]] == ["Model", "Light"]


PICKER = "#book-model-pick"


def test_another_model_is_compared_proposed_and_then_measures_the_book(page, reader, changes):
    page.open("healthz", wait_for="body")
    page.enter_as("analyst")
    page.open("models", wait_for=PICKER, width=390)
    page.sees("#book-model-status", "nobody has chosen another")
    page.click("#book-model-ask")
    page.sees("#book-model-hint", "Choose another model first.")

    page.find(PICKER).send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    page.find("#book-model-ask").send_keys(Keys.ENTER)
    page.sees("#book-model-dialog-body", "VaR 99 %")
    page.sees("#book-model-dialog-body", "The running forecast is still scored as what it was.")
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert changes.kept == [], "nothing is proposed before it is confirmed"
    page.find("#book-model-reason").send_keys("it follows the last weeks better")
    page.find("#book-model-confirm").send_keys(Keys.ENTER)

    page.sees(".sw-toast", "It waits for an officer")
    page.sees("#book-model-status", "waits for an officer: see the proposal")
    [proposal] = changes.kept
    assert proposal.change.model == "filtered_historical"
    assert "Filtered history: 500 days" not in page.text("#book-model-status")
    changes.approve("demo", proposal.id, reason="seen", actor=OFFICER)
    changes.take_in()
    page.sees("#book-model-status", "Filtered history: 500 days")
    assert "waits" not in page.text("#book-model-status")
    assert page.problems() == []
