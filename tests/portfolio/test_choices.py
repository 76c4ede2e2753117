"""Which model measures a book: the setting's, until a person chooses."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from risk.domain.actions import (
    ALONE,
    BY_SETTING,
    BookModelInUse,
    ChooseBookModel,
    EndTemporaryLimit,
    ModelChange,
    Sanction,
)
from risk.domain.model import DAY_MODEL
from risk.portfolio.book_models import BOOK_MODELS
from risk.portfolio.choices import Chosen, choose, days_missing, tail_by, why_not
from risk.portfolio.forecasting import new_model, warm
from risk.portfolio.tails import NO_RISK, book_tail, weights_of
from tests.books import ALIEN, BTC, ETH, as_closes, random_closes, warmed_models
from tests.sanctions import AGREED

MODELS = warmed_models()
DEFAULT = DAY_MODEL.method
BY_ANNA = BookModelInUse(DEFAULT, "anna", datetime(2024, 6, 1, tzinfo=UTC))


def choice(model: str, seq: int = 1, who: str = "anna") -> ChooseBookModel:
    at = datetime(2024, 6, 1, tzinfo=UTC)
    return ChooseBookModel(seq=seq, at=at, who=who, model=model, sanction=AGREED)


def test_without_anything_new_the_models_stay_the_very_same() -> None:
    found = choose(MODELS, (), in_use=None, by_setting=DEFAULT)

    assert found.models is MODELS
    assert (found.changes, found.refusals) == ((), ())


def test_a_choice_exchanges_the_days_model_and_leaves_the_hours() -> None:
    found = choose(MODELS, [choice("historical_250")], in_use=None, by_setting=DEFAULT)

    assert found.models.day.spec.method == "historical_250"
    assert found.models.hour is MODELS.hour
    assert found.changes == (ModelChange(DEFAULT, "historical_250", "anna", "olga"),)


def test_of_two_choices_at_once_the_last_wins_and_both_are_told() -> None:
    asked = [choice("historical_250"), choice("adaptive", 2, who="ben")]
    found = choose(MODELS, asked, in_use=None, by_setting=DEFAULT)

    assert found.models.day.spec.method == "adaptive"
    assert found.changes == (
        ModelChange(DEFAULT, "historical_250", "anna", "olga"),
        ModelChange("historical_250", "adaptive", "ben", "olga"),
    )


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [("oracle", "no model of a book is called oracle"), (DEFAULT, f"{DEFAULT} is in use already")],
)
def test_what_cannot_be_chosen_changes_nothing_and_is_told(wanted: str, reason: str) -> None:
    found = choose(MODELS, [choice(wanted)], in_use=None, by_setting=DEFAULT)

    assert found.models is MODELS
    assert found.changes == ()
    (refused,) = found.refusals
    assert (refused.by, refused.reason) == ("anna", reason)
    assert refused.asked == f"measure the book by {wanted}"


def test_what_can_be_chosen_has_no_reason_against_it() -> None:
    assert why_not("historical_250", in_use=DEFAULT) is None


@pytest.mark.parametrize("in_use", [None, BookModelInUse(DEFAULT, BY_SETTING, None)])
def test_another_setting_holds_while_nobody_has_chosen(in_use: BookModelInUse | None) -> None:
    found = choose(MODELS, (), in_use=in_use, by_setting="parametric_t")

    assert found.models.day.spec.method == "parametric_t"
    assert found.changes == (ModelChange(DEFAULT, "parametric_t", BY_SETTING),)


def test_a_persons_choice_wins_over_the_setting() -> None:
    found = choose(MODELS, (), in_use=BY_ANNA, by_setting="parametric_t")

    assert found.models is MODELS


def test_where_no_setting_is_given_the_model_stays() -> None:
    assert choose(MODELS, (), in_use=None, by_setting=None).models is MODELS


def test_what_is_asked_of_others_is_left_to_them() -> None:
    restore = EndTemporaryLimit(seq=1, at=datetime(2024, 6, 1, tzinfo=UTC), who="anna", limit="x")

    assert choose(MODELS, [restore], in_use=None, by_setting=None) == Chosen(MODELS)


# --- before one chooses --------------------------------------------------------------------


@pytest.mark.parametrize("name", BOOK_MODELS)
def test_a_preview_is_what_the_model_will_say(name: str) -> None:
    holdings = {BTC: 1e5, ETH: -4e4}
    chosen = choose(MODELS, [choice(name)], in_use=None, by_setting=None).models.day
    weights = weights_of(chosen, holdings)
    assert weights is not None

    assert tail_by(MODELS.day, holdings, name) == book_tail(chosen, weights)
    assert MODELS.day.spec.method == DEFAULT, "nothing was changed"


def test_a_preview_of_what_the_model_does_not_know_is_none_and_of_nothing_held_no_risk() -> None:
    assert tail_by(MODELS.day, {ALIEN: 1.0}, "adaptive") is None
    assert tail_by(MODELS.day, {}, "adaptive") == NO_RISK


def test_days_that_a_model_lacks_are_counted() -> None:
    young = warm(new_model(DAY_MODEL, (BTC,)), as_closes((BTC,), random_closes((BTC,), bars=101)))

    assert days_missing(young, "filtered_evt") == 0
    assert days_missing(young, "historical_250") == 20
    assert tail_by(young, {BTC: 1.0}, "historical_250") is None


@pytest.mark.parametrize("sanction", [None, Sanction(1, "anna")])
def test_another_model_is_refused_without_another_persons_word(sanction) -> None:
    asked = replace(choice("adaptive"), sanction=sanction)
    found = choose(MODELS, [asked], in_use=None, by_setting=DEFAULT)

    assert found.models is MODELS
    (refusal,) = found.refusals
    assert refusal.reason.startswith("it loosens, and n")


def test_whoever_is_alone_chooses_alone() -> None:
    asked = replace(choice("adaptive"), sanction=Sanction(1, alone=True))
    found = choose(MODELS, [asked], in_use=None, by_setting=DEFAULT)

    assert found.changes == (ModelChange(DEFAULT, "adaptive", "anna", ALONE),)
