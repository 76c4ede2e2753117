"""The cockpit's table of where the risk sits: it adds up, and is never longer than a glance."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.query import BY, parse
from pages.views.riskiest import risk_card, risk_rows, told_rows
from risk.domain.assessment import Assessment
from risk.domain.market import Trust
from tests.fakes_web import HOLDINGS, build_assessment
from tests.pages.trees import part, words

MANY = tuple(
    replace(
        HOLDINGS[at % len(HOLDINGS)],
        asset=f"C{at:02d}/USDT",
        component=HOLDINGS[at % len(HOLDINGS)].component / (1.0 + at),
    )
    for at in range(100)
)


def adds_up(table) -> bool:
    return all(
        math.isclose(sum(getattr(row, name) for row in table.rows), getattr(table.total, name))
        for name in ("var", "share", "net", "open_profit")
    )


def without_var(assessment: Assessment) -> Assessment:
    positions = tuple(replace(p, component_var=None) for p in assessment.positions)
    return replace(assessment, held=replace(assessment.held, day=None), positions=positions)


@pytest.mark.parametrize("by", ["Asset", "Strategy", "Venue"])
def test_however_it_is_grouped_the_parts_add_up_to_the_book(by):
    assert adds_up(risk_rows(build_assessment(), by, "USD"))


def test_the_heaviest_part_comes_first_and_what_offsets_last():
    names = [row.name for row in risk_rows(build_assessment(), "Asset", "USD").rows]

    assert names[:2] == ["BTC", "ETH"]
    assert names[-1] == "AVAX"


@given(st.integers(1, len(MANY)))
def test_however_many_are_held_a_few_are_told_and_the_rest_adds_up(count):
    table = told_rows(risk_rows(build_assessment(holdings=MANY[:count]), "Asset", "USD"))

    assert len(table.rows) == min(count, 11)
    assert adds_up(table)


def test_no_part_among_the_others_weighs_more_than_one_that_is_told():
    every = risk_rows(build_assessment(holdings=MANY), "Asset", "USD").rows
    *told, others = told_rows(risk_rows(build_assessment(holdings=MANY), "Asset", "USD")).rows
    names = {row.name for row in told}

    assert others.name == "90 others"
    assert max(abs(r.var) for r in every if r.name not in names) <= min(abs(r.var) for r in told)


def test_one_more_part_than_fits_is_told_by_itself():
    table = told_rows(risk_rows(build_assessment(holdings=MANY[:11]), "Asset", "USD"))

    assert "others" not in table.rows[-1].name


def test_what_is_unknown_of_a_part_is_unknown_of_the_others_together():
    table = told_rows(risk_rows(without_var(build_assessment(holdings=MANY)), "Asset", "USD"))

    assert table.rows[-1].var is None
    assert table.rows[-1].share is None


def test_the_others_have_no_mark_of_their_own():
    shown = risk_card(build_assessment(holdings=MANY), parse({}, (BY,)), "USD")

    assert "unknown" not in words(part(shown, "row-90-20-others")["children"])


def test_the_way_to_all_of_them_keeps_the_grouping():
    shown = risk_card(build_assessment(), parse({"by": "venue"}, (BY,)), "USD")

    assert "/exposure?by=venue" in str(shown)


def test_what_a_position_without_a_price_earned_is_unknown_of_it_and_of_the_book():
    assessment = build_assessment()
    lost = replace(assessment.positions[0], trust=Trust.MISSING)
    table = risk_rows(
        replace(assessment, positions=(lost, *assessment.positions[1:])), "Asset", "USD"
    )

    assert [row.name for row in table.rows if row.open_profit is None] == ["BTC"]
    assert table.total.open_profit is None
