"""Signing in and out, entering a demonstration, and proving who one is, in a real browser."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from risk.domain.actors import Role
from tests.browser import Page, until
from tests.fakes_people import PASSWORD, People
from tests.pages.axe import violations
from tests.pages.fit import misfits


@pytest.fixture
def browse(page: Page, people: People):
    """Opens pages, and signs people in by the form."""
    return Browse(page, people)


class Browse:
    """What somebody with a login does."""

    def __init__(self, page: Page, people: People) -> None:
        self.page = page
        self._people = people

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Fill in the form that stands there, and send it."""
        form = {"name": name, "password": password, "code": self._people.code(name)}
        for field, text in form.items():
            found = self.page.find(f"#{field}")
            found.clear()
            found.send_keys(text)
        self.page.click("main button")

    def fill(self, prefix: str, password: str, code: str) -> None:
        self.page.find(f"#{prefix}-password").send_keys(password)
        self.page.find(f"#{prefix}-code").send_keys(code)

    def new_code(self, name: str) -> str:
        self._people.wait(seconds=60)
        return self._people.code(name)

    def lands_on(self, path: str) -> None:
        until(lambda: self.page.run("location.pathname") == path, f"never came to {path}")


def test_in_to_the_page_that_was_wanted_out_again_and_nothing_comes_back(browse, people, page):
    people.admit("ana", Role.OFFICER)
    page.open("limits?range=7d", wait_for="main form")
    assert page.run("location.pathname") == "/login"
    browse.sign_in("ana", "not the password")
    page.sees("[role=alert]", "name, password and code do not fit together")
    assert page.find("#name").get_attribute("value") == "ana"

    browse.sign_in("ana")
    browse.lands_on("/limits")
    page.sees("#account-name", "ana, officer")
    assert page.run("location.search") == "?range=7d"

    page.click("#account-menu summary")
    page.click("#sign-out")
    browse.lands_on("/login")
    page.driver.back()
    page.sees("main h1", "Sign in")
    assert "ana" not in page.text("body")
    assert page.driver.find_elements(By.CSS_SELECTOR, "#account-name") == []


def test_the_demonstration_is_entered_as_an_officer_who_stays_one_and_asks_no_password(page):
    page.open("breakers", wait_for="#account-name")
    page.sees("#account-name", "demo viewer")

    page.click("#account-menu summary")
    page.click("#enter-officer")
    page.sees("#account-name", "demo officer")
    assert page.run("location.pathname") == "/breakers"
    page.open("gallery", wait_for="#gallery-proof-ask")
    page.sees("#account-name", "demo officer")

    # A page that shows another name is drawn anew.
    page.enter_as("trader")
    page.sees("#account-name", "demo trader")
    until(lambda: page.find("#gallery-proof-ask"), "the gallery never came anew")
    assert page.text(".sw-proof") == "Demonstration: no password is asked."

    page.click("#gallery-proof-ask")
    page.sees("#gallery-proof-said", "It is demo trader.")
    assert page.problems() == []


@pytest.fixture
def ana(browse, people, page) -> Browse:
    """An officer who has the gallery before her."""
    people.admit("ana", Role.OFFICER)
    page.open("gallery", wait_for="main form")
    browse.sign_in("ana")
    until(lambda: page.find("#gallery-proof-ask"), "the gallery never came")
    return browse


def test_a_form_asks_for_a_proof_unless_there_is_one_and_its_button_proves_first(ana, people, page):
    assert page.text(".sw-proof") == "You have just proved who you are: no password is asked."

    page.click("#gallery-proof-ask")
    page.sees("#gallery-proof-said", "It is ana.")

    people.wait(minutes=6)
    page.open("gallery", wait_for="#gallery-proof-password")
    page.click("#gallery-proof-ask")
    page.sees("#gallery-proof-problem", "Give your password.")

    ana.fill("gallery-proof", "not the password", "000000")
    page.click("#gallery-proof-ask")
    page.sees("#gallery-proof-problem", "That was not you")
    assert page.text("#gallery-proof-said") == ""
    assert page.find("#gallery-proof-password").get_attribute("value") == ""

    ana.fill("gallery-proof", PASSWORD, ana.new_code("ana"))
    page.click("#gallery-proof-ask")
    page.sees("#gallery-proof-said", "It is ana.")
    assert page.text(".sw-proof") == "You have just proved who you are: no password is asked."


def test_what_is_refused_for_want_of_a_proof_opens_a_dialog_and_is_pressed_again(ana, people, page):
    people.wait(minutes=6)
    # One that was cancelled changes nothing, and opens again.
    page.click("#gallery-proof-ask")
    until(lambda: page.run("document.getElementById('proof-dialog').open"), "no dialog")
    page.click("#proof-dialog-cancel")
    # In the browser it is known by now that a proof is asked for.
    page.run("document.documentElement.dataset.proof = 'given'")
    assert page.text("#gallery-proof-said") == ""

    page.click("#gallery-proof-ask")
    until(lambda: page.run("document.getElementById('proof-dialog').open"), "no dialog")
    page.sees("#proof-dialog", "Prove first that it is you")
    assert violations(page.driver) == []

    ana.fill("proof-dialog", PASSWORD, ana.new_code("ana"))
    page.find("#proof-dialog-code").send_keys(Keys.ENTER)
    page.sees(".sw-toast", "Press again what you pressed.")
    assert not page.run("document.getElementById('proof-dialog').open")
    page.click("#gallery-proof-ask")
    page.sees("#gallery-proof-said", "It is ana.")


def test_a_session_that_has_ended_is_told_and_nothing_typed_is_lost(ana, people, page):
    page.open("limits", wait_for="#limits-view")
    [login] = people.desk.logins_of("ana")
    people.desk.end_login("ana", login.id)

    page.sees("#refusal", "Your session has ended. Sign in again, in another tab")
    link = page.find("#refusal a")
    assert link.get_attribute("target") == "_blank"
    assert link.get_attribute("href").endswith("/login?next=%2Flimits")
    signed = people.sign_in("ana", code=ana.new_code("ana"))
    page.driver.add_cookie({"name": "seawall_session", "value": signed.token, "httpOnly": True})
    until(lambda: page.text("#refusal") == "", "it was never let go")


# --- how they look ---------------------------------------------------------------------------


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_the_servers_own_pages_have_no_fault_and_cut_no_word(browse, people, page, width, scheme):
    for name, role in [("root", Role.ADMIN), ("ana", Role.OFFICER), ("tim", Role.TRADER)]:
        people.admit(name, role)
    people.office.add(people.actor("root"), "a-name-as-long-as-a-name-can-get", Role.OFFICER)
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})

    found = {"login": _faults(page, "login", width)}
    for name, paths in [("root", ["account", "people", "people/tim"]), ("ana", ["vouching"])]:
        page.open("login?next=/account", width=width, wait_for="main form")
        browse.sign_in(name)
        browse.lands_on("/account")
        people.wait(minutes=6)  # so that the forms ask for a proof
        found |= {path: _faults(page, path, width) for path in paths}
        page.driver.delete_cookie("seawall_session")

    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_setting_oneself_up_has_no_fault_and_cuts_no_word(browse, people, page, width, scheme):
    people.admit("root", Role.ADMIN)
    first = people.office.add(people.actor("root"), "olaf", Role.OFFICER)
    page.open("login", width=width, wait_for="main form")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    browse.sign_in("olaf", first)
    browse.lands_on("/account")
    found = {"password": _faults(page, "account", width)}
    for field, text in [
        ("old", first),
        ("new", "a password of mine"),
        ("again", "a password of mine"),
    ]:
        page.find(f"#{field}").send_keys(text)
    page.click("main form button")
    page.sees("main", "Your password is changed")
    page.click("form[action*=factor] button")
    until(lambda: page.find(".sw-desk-qr"), "no picture")
    found["factor"] = [*violations(page.driver), *misfits(page)]

    assert {path: faults for path, faults in found.items() if faults} == {}


def _faults(page: Page, path: str, width: int) -> list[object]:
    page.open(path, width=width, wait_for="main h1")
    return [*violations(page.driver), *misfits(page)]
