"""An attempt to sign in by a provider: what the browser keeps, and what fits to it."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from risk.domain.single_sign_on import ATTEMPT_LASTS, Attempt, Purpose, attempt_of
from tests.builders import NOON

SECRET = "s" * 43


def attempt(**changes) -> Attempt:
    usual = {"secret": SECRET, "purpose": Purpose.SIGN_IN, "began": NOON, "back_to": "/limits"}
    return Attempt(**(usual | changes))


@given(st.text(), st.sampled_from(Purpose))
def test_what_a_browser_kept_is_the_attempt_again(path, purpose):
    kept = attempt(back_to=path, purpose=purpose)

    assert attempt_of(kept.text, at=NOON) == kept
    assert kept.text.isascii()
    assert not set(kept.text) & set(' ",;\\')


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "t" * 43},
        {"purpose": Purpose.PROVE},
        {"began": NOON + timedelta(seconds=1)},
        {"back_to": "/elsewhere"},
    ],
)
def test_an_answer_fits_no_attempt_of_which_anything_was_changed(changes):
    one, other = attempt(), attempt(**changes)

    assert not {one.state, one.nonce, one.verifier} & {other.state, other.nonce, other.verifier}


def test_what_a_provider_is_told_gives_nothing_else_away():
    one = attempt()

    assert len({one.state, one.nonce, one.verifier, one.secret}) == 4
    assert all(len(told) == 43 for told in (one.state, one.nonce, one.verifier))
    assert SECRET not in one.state + one.nonce


@pytest.mark.parametrize(
    ("later", "there"),
    [
        (timedelta(0), True),
        (ATTEMPT_LASTS, True),
        (ATTEMPT_LASTS + timedelta(seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_an_attempt_lasts_for_a_while_and_not_longer(later, there):
    assert (attempt_of(attempt().text, at=NOON + later) is not None) == there


@example("300000000000.sign_in." + "0" * 43 + ".")
@given(
    st.one_of(st.none(), st.text(), st.from_regex(r"[0-9]{1,12}\.sign_in\.[a-z]{43}\.[A-z0-9_-]*"))
)
def test_what_is_no_attempt_is_none_and_nothing_worse(text):
    found = attempt_of(text, at=NOON)

    assert found is None or found.text.startswith(str(text).rsplit(".", 1)[0])
