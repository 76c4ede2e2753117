"""What was changed, in the units of what it is about."""

import pytest

from pages.views.change_lines import told_line, told_lines
from pages.views.happenings import words
from risk.domain.actions import ALONE
from risk.domain.events import PolicyChanged, ProposalMade
from tests import fakes_breakers, fakes_limits
from tests.fakes_book import AFTERNOON
from tests.fakes_limits import TIGHTENED

POLICY = fakes_breakers.with_breakers(fakes_limits.build_policy())
STAMP = {"at": AFTERNOON, "portfolio": "demo", "cycle": "demo-1"}
LENT = f"temporary limit {TIGHTENED} from 2026-11-12T15:00:00+00:00: added (looser), "


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            f"limit {TIGHTENED}: hard 0.0625 -> 0.07 (looser), soft 0.05 -> 0.056 (looser)",
            f"limit {TIGHTENED}: hard 6.25 % → 7 % (looser), soft 5 % → 5.6 % (looser)",
        ),
        (
            "limit gross_exposure strategy trend: hard 0.12 -> 0.2 (looser)",
            "limit Gross exposure, trend: hard 12 % → 20 % (looser)",
        ),
        (
            "limit leverage portfolio: added (tighter), hard 2, soft 1.5",
            "limit Leverage, book: added (tighter), hard 2 ×, soft 1.5 ×",
        ),
        (
            f"{LENT}hard 0.08, soft 0.07, reason hard 0.08 -> fine",
            f"{LENT}hard 8 %, soft 7 %, reason hard 0.08 -> fine",
        ),
        (
            "breaker drawdown: trip 0.12 -> 0.2 (looser)",
            "breaker drawdown: trip 12 % → 20 % (looser)",
        ),
        ("limit of old: hard 0.12 -> 0.2", "limit of old: hard 0.12 → 0.2"),
        ("clusters: added", "clusters: added"),
        (f"limit {TIGHTENED}: removed (looser)", f"limit {TIGHTENED}: removed (looser)"),
    ],
)
def test_a_line_is_told_in_the_units_of_its_limit_or_breaker(line, told):
    assert plain(told_line(line, POLICY, "USD")) == told


def test_without_a_policy_names_that_say_their_kind_are_enough():
    (line,) = told_lines(["limit daily_loss portfolio: hard 0.06 -> 0.05"], None, "USD")

    assert plain(line) == "limit Daily loss, book: hard 6 % → 5 %"


@pytest.mark.parametrize(
    ("approved_by", "by"),
    [
        ("", "by anna"),
        ("anna", "by anna"),
        ("ben", "by anna, approved by ben"),
        (ALONE, f"by anna ({ALONE})"),
    ],
)
def test_a_version_is_told_with_whoever_approved_it(approved_by, by):
    line = f"limit {TIGHTENED}: hard 0.0625 -> 0.07 (looser)"
    event = PolicyChanged(
        **STAMP, number=8, action=3, by="anna", what=(line,), approved_by=approved_by
    )
    _shape, fact, detail = words(event, "USD", POLICY)

    assert fact == "Version 8 of the policy"
    assert plain(detail) == f"limit {TIGHTENED}: hard 6.25 % → 7 % (looser), {by}"


def test_a_proposal_is_told_in_the_same_units():
    line = f"limit {TIGHTENED}: hard 0.0625 -> 0.07 (looser)"
    event = ProposalMade(
        **STAMP, proposal=4, direction="loosens", what=(line,), by="anna", reason="calm"
    )

    assert "hard 6.25 % → 7 % (looser)" in plain(words(event, "USD", POLICY)[1])
