"""The Limits page as a pure function of what was read."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest

from pages.components.utilization import Utilization
from pages.query import parse
from pages.readings import Readings
from pages.screens import Screen, Screens
from pages.views.limits.address import KIND, SCOPE, STATUS, WORDS
from pages.views.limits.detail import detail_card
from pages.views.limits.file import csv_text
from pages.views.limits.reading import LimitsData, read_limits
from pages.views.limits.rows import LimitRow, counts_words, headroom_money
from pages.views.limits.table import threshold_words
from pages.views.limits.view import limits_view
from pages.views.limits.writing import duration, pace_figure, pace_words, trimmed, writer
from risk.domain.events import LimitBreached, Severity
from risk.domain.limits import LimitStatus, Unit
from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.types import LIMIT_TYPES
from tests import fakes_limits
from tests.fakes_limits import CROSSED, LOOSENED, SOFT, TIGHTENED, UNMEASURED
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words

HOUR = timedelta(hours=1)


def read(reader: FakeBookReader | None = None, **address: str) -> LimitsData:
    readings = Readings(reader or FakeBookReader())
    return read_limits(readings, parse(address, WORDS), DEMO, readings.cycle(DEMO))


def told(data: LimitsData) -> str:
    return words(limits_view(data))


def row(data: LimitsData, name: str) -> LimitRow:
    return next(row for row in [*data.rows, *data.on_orders] if row.name == name)


def shown(data: LimitsData) -> list[str]:
    return [row.name for group in data.groups for row in group.rows]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


# -- the tree -------------------------------------------------------------------------------


def test_limits_stand_under_their_scopes_and_orders_apart():
    data = read()

    assert [group.key for group in data.groups] == ["portfolio", "strategy", "asset", "venue"]
    assert {row.definition.kind for row in data.on_orders} == {
        "order_notional",
        "order_quantity",
        "order_rate",
        "repeated_order",
        "price_collar",
    }
    assert len(shown(data)) + len(data.on_orders) == len(fakes_limits.build_policy().limits)


def test_strategies_stand_under_the_limits_of_their_type():
    rows = read(scope="strategy").groups[0].rows

    assert [(r.name, r.inner) for r in rows[:3]] == [
        ("Following strategies", False),
        ("trend exposure", True),
        ("trend daily loss", True),
    ]
    assert not any(r.inner for r in rows[3:]), "types without a limit of their own are no parents"


@pytest.mark.parametrize("key", ["portfolio", "asset", "venue"])
def test_the_nearest_to_trouble_comes_first(key):
    rows = read(scope=key).groups[0].rows

    assert list(rows) == sorted(rows, key=lambda r: r.trouble)


def test_a_breach_and_what_cannot_be_measured_come_before_what_is_merely_full():
    assert shown(read(scope="asset"))[:3] == [CROSSED, UNMEASURED, "BTC share"]


def test_the_heading_counts_what_stands_where():
    assert counts_words(read().rows) == "1 hard, 1 unknown, 2 soft, 24 inside"
    assert counts_words(read().rows, trouble_only=True) == "1 hard, 1 unknown, 2 soft"
    assert counts_words(read(scope="venue").groups[0].rows, trouble_only=True) == "2 inside"


def test_each_row_says_status_by_word_shape_and_colour():
    view = limits_view(read())
    for name, standing, shape in [
        ("AVAX-20-share", "hard", "halted"),
        ("trend-20-exposure", "soft", "throttled"),
        ("LINK-20-days-20-to-20-flat", "unknown", "stale"),
        ("sim-2d-a-20-share", "inside", "inside"),
    ]:
        assert part(view, f"limit-{name}")["data-standing"] == standing
        assert part(view, f"limit-{name}-glyph")["data-glyph"] == shape
        row_words = words(part(view, f"limit-{name}")["children"])
        assert standing in row_words


def test_an_unknown_limit_is_dashed_and_shows_no_number():
    view = limits_view(read())
    base = "limit-LINK-20-days-20-to-20-flat"

    assert "sw-bar-unknown" in str(part(view, f"{base}-bar")["children"])
    assert [part(view, f"{base}-{cell}")["children"] for cell in ("used", "value", "left")] == [
        "unknown"
    ] * 3
    assert "new risk is refused" in words(part(view, f"{base}-words")["children"])


def test_the_row_tells_headroom_in_money_and_in_words():
    view = limits_view(read())

    assert plain(part(view, "limit-BTC-20-share-left")["children"]) == "245.6 k USD"
    assert words(part(view, "limit-BTC-20-share-words")["children"]) == (
        "BTC, net, can rise to 35 % of equity; now 24.8 %."
    )
    assert part(view, "limit-Open-20-positions-left")["children"] == "5"


def test_the_row_says_why_thresholds_are_not_those_of_the_definition():
    view = limits_view(read())

    tightened = "limit-VaR-20-99-20--25--2c--20-1-20-day-words"
    assert "At 80 % of its base: performance 1.00, regime stressed 0.80." in words(
        part(view, tightened)["children"]
    )
    assert "Temporary until 20:00:00 UTC." in words(
        part(view, "limit-SOL-20-share-words")["children"]
    )


def test_every_limit_has_the_course_of_its_last_day():
    view = limits_view(read())
    sparks = [p for p in parts(view) if "last day" in str(p.get("aria-label"))]

    assert len(sparks) == 28
    assert [p["aria-label"] for p in sparks if "maskImage" not in p["style"]] == [
        f"{UNMEASURED}, last day: too short to draw"
    ]


def test_before_the_first_step_with_a_policy_nothing_is_claimed():
    data = read()
    state = replace(data.cycle.state, limits={})
    cycle = replace(data.cycle, state=state)
    blind = read_limits(Readings(FakeBookReader()), parse({}, WORDS), DEMO, cycle)

    assert {r.status for r in blind.rows} == {LimitStatus.UNKNOWN}
    assert "unknown" in told(blind)


def test_without_a_policy_it_says_what_that_means_and_how_to_adopt_one():
    said = told(read(FakeBookReader(policy=None)))

    assert "every order is refused" in said
    assert "seawall policy import FILE" in said
    assert "Utilization" not in said


def test_a_policy_with_limits_on_orders_only_says_so():
    policy = fakes_limits.without_limits(*(r.name for r in read().rows))
    data = read(FakeBookReader(policy=policy))

    assert "No limit on the book" in told(data)
    assert data.chosen is None


# -- filters --------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [v for v in SCOPE.options or {} if v != "all"])
def test_a_scope_shows_its_group_only(value):
    data = read(scope=value)

    assert [group.key for group in data.groups] == [value]


@pytest.mark.parametrize(
    ("status", "names"),
    [
        ("hard", {CROSSED}),
        ("unknown", {UNMEASURED}),
        ("soft", set(SOFT)),
        ("attention", {CROSSED, UNMEASURED, *SOFT}),
    ],
)
def test_a_status_shows_those_that_have_it(status, names):
    assert set(shown(read(status=status))) == names


@pytest.mark.parametrize("kind", LIMIT_TYPES)
def test_a_kind_shows_its_limits(kind):
    data = read(kind=kind)

    kinds = {
        r.definition.kind for r in [*data.on_orders, *(r for g in data.groups for r in g.rows)]
    }
    assert kinds <= {kind}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("avax", {"AVAX share"}),
        ("VALUE AT", {TIGHTENED}),
        ("officer 2", {"sim-a share", "sim-b share"}),
    ],
)
def test_a_text_is_looked_for_in_name_kind_scope_and_owner(text, names):
    assert set(shown(read(find=text))) == names


def test_filters_that_nothing_matches_lead_back_to_all():
    data = read(find="nothing like it", range="7d")
    view = parts(limits_view(data))
    links = [p["href"] for p in view if "href" in p and words(p["children"]) == "Show all limits"]

    assert "No limit on the book matches" in told(data)
    assert links == ["/limits?range=7d"]
    assert data.chosen is not None, "the limit nearest to trouble is told all the same"


@pytest.mark.parametrize("word", [SCOPE, STATUS, KIND])
def test_a_filter_that_does_not_exist_is_told(word):
    query = parse({word.name: "nonsense"}, WORDS)

    assert query.notes
    assert query.choice(word.name) == word.default


# -- one limit ------------------------------------------------------------------------------


def test_the_one_nearest_to_trouble_is_told_at_length():
    assert read().chosen.name == CROSSED
    assert read(scope="venue").chosen.name == "sim-a share"


def test_another_one_is_chosen_in_the_address_and_marked_in_the_tree():
    data = read(limit="BTC share")
    view = limits_view(data)

    assert data.chosen.name == "BTC share"
    assert part(view, "limit-BTC-20-share")["data-chosen"] == "true"
    assert part(view, "limits-detail")["aria-label"] == "Limit BTC share"


def test_a_limit_that_the_policy_does_not_have_is_told():
    data = read(limit="of yesterday")

    assert f"no limit 'of yesterday'. {CROSSED} is shown" in told(data)


def test_a_breach_says_how_long_by_how_much_and_when_full():
    said = told(read(limit=TIGHTENED))

    assert "SOFT BREACH 51 min" in said
    assert "91 % used, 10.6 k USD left" in said
    assert "Full in 1 h 50 at this pace." in said
    crossed = told(read(limit=CROSSED))
    assert "124 % used, 11.8 k USD over" in crossed
    assert "Full already." in crossed


def test_it_says_how_its_thresholds_follow_from_the_definition():
    assert "6.25 % base × 0.80 = 5.00 %: performance 1.00, regime stressed 0.80." in told(
        read(limit=TIGHTENED)
    )
    assert (
        "18.0 % in place of 15.0 % until 20:00:00 UTC, then 15.0 % again by itself. "
        "Hedge leg fills before the spot leg; by Trader 1." in told(read(limit=LOOSENED))
    )
    assert part_or_none(read(limit="BTC share"), "limits-detail-why") is None


def moved(row: LimitRow, factor: float) -> LimitRow:
    """The same limit while performance and regime move it."""
    thresholds = row.thresholds._replace(factor=factor)
    definition = replace(row.definition, dynamic=True)
    return replace(row, definition=definition, state=row.state._replace(thresholds=thresholds))


def test_a_temporary_limit_is_no_product_of_base_and_factor():
    data = read(limit=LOOSENED)
    changed = moved(data.chosen, 0.8)
    said = words(part(detail_card(data, changed), "limits-detail-why")["children"])

    assert said == (
        "18.0 % in place of 12.0 % until 20:00:00 UTC, then it follows performance and regime "
        "again. Hedge leg fills before the spot leg; by Trader 1. "
        "Without it: 15.0 % base × 0.80 = 12.0 %."
    )
    assert plain(" ".join(threshold_words(changed, data))) == "Temporary until 20:00:00 UTC."


def test_before_a_temporary_limit_begins_the_factor_is_told_with_its_cause():
    data = read(limit=LOOSENED)
    chosen = moved(data.chosen, 0.8)
    later = replace(chosen.temporary, starts=data.now + timedelta(hours=1))
    hard = chosen.thresholds._replace(hard=0.12, soft=0.096, cause="regime stressed 0.80")
    coming = replace(chosen, temporary=later, state=chosen.state._replace(thresholds=hard))
    said = words(part(detail_card(data, coming), "limits-detail-why")["children"])

    assert said.startswith(
        "15.0 % base × 0.80 = 12.0 %: regime stressed 0.80. 18.0 % in place of 12.0 % from "
    )
    assert "Without it" not in said
    assert plain(threshold_words(coming, data)[0]) == "At 80 % of its base: regime stressed 0.80."


def part_or_none(data: LimitsData, component_id: str):
    return next((p for p in parts(limits_view(data)) if p.get("id") == component_id), None)


def test_its_breaches_are_listed_with_begin_end_length_and_worst():
    said = words(part(limits_view(read(limit=TIGHTENED)), "limits-episodes")["children"])

    assert "14:51, soft goes on 51 min" in said
    assert "09:12, soft 10:00 48 min 5.12 %" in said


def test_changes_of_its_thresholds_are_listed_with_their_cause():
    said = words(part(limits_view(read(limit=TIGHTENED)), "limits-changes")["children"])

    assert said == "14:51: tightened from 6.25 % to 5.00 %, regime stressed"


class Told(FakeBookReader):
    """A book whose journal tells these breaches of a limit."""

    breaches: tuple[LimitBreached, ...] = ()

    def limit_events(self, portfolio, limit, *, since, until):
        return fakes_limits.within(self.breaches, since, until)


def episodes_told(*ago: tuple[timedelta, Severity]) -> str:
    """The list of breaches of a limit whose threshold was crossed so long ago."""
    reader = Told()
    episode = reader.latest("demo").state.limits[CROSSED].episode
    (breach,) = fakes_limits.build_limit_events(CROSSED)
    reader.breaches = tuple(
        replace(breach, at=reader.clock.now() - span, episode=episode, severity=severity)
        for span, severity in ago
    )
    view = limits_view(read(reader, limit=CROSSED))
    return plain(words(part(view, "limits-episodes")["children"]))


def test_a_breach_is_listed_with_the_cycle_that_shows_it():
    """The chart ends on a whole step of minutes; nothing that came since may be missing."""
    assert "15:42, hard goes on 5 s" in episodes_told((timedelta(seconds=5), Severity.CRITICAL))


def test_a_breach_that_began_as_soft_says_since_when_it_is_hard():
    told = episodes_told((HOUR, Severity.WARNING), (0.5 * HOUR, Severity.CRITICAL))

    assert "14:42, hard from 15:12 goes on 60 min" in told


def test_thresholds_that_moved_are_told_beside_those_of_the_definition():
    moved = words(part(limits_view(read(limit=TIGHTENED)), "limits-definition")["children"])
    still = words(part(limits_view(read(limit=CROSSED)), "limits-definition")["children"])

    assert "now 4.00 %, 5.00 %" in plain(moved)
    assert "as defined 5.00 %, 6.25 %" in plain(moved)
    assert "now" not in still


# -- what is in trouble, and what is asked ----------------------------------------------------


def trouble(*without: str, **address: str) -> list:
    reader = FakeBookReader(policy=fakes_limits.without_limits(*without))
    return part(limits_view(read(reader, **address)), "limits-trouble")["children"]


def test_the_worst_are_counted_above_the_tree_with_a_way_to_them_alone():
    hard, soft = trouble(kind="drawdown"), trouble(CROSSED, UNMEASURED)

    assert (words(hard), words(soft)) == ("1 HARD", "2 SOFT")
    assert [link["href"] for link in parts(hard) if "href" in link] == ["/limits?status=hard"]
    assert trouble(CROSSED, UNMEASURED, *SOFT) == []


class Asking(FakeBookReader):
    """A book of which something is asked to become smaller."""

    requests: tuple[Reduction, ...] = ()

    def latest(self, portfolio):
        cycle = super().latest(portfolio)
        asked = {request.key: request for request in self.requests}
        return replace(cycle, state=replace(cycle.state, reductions=asked))


def asked_words(*requests: Reduction) -> str:
    reader = Asking()
    reader.requests = requests
    return plain(words(part(limits_view(read(reader)), "limits-asked-content")["children"]))


def test_what_is_asked_to_become_smaller_is_listed_until_it_is():
    position = FakeBookReader().latest("demo").assessment.positions[0]
    now = FakeBookReader().clock.now()
    request = Reduction("r", position.key, 0.5, "Gross exposure, book", now, now - HOUR)
    late = request._replace(deadline=now - timedelta(minutes=1))

    assert asked_words() == "Nothing is asked to become smaller."
    said = asked_words(request)
    assert f"{position.strategy}, BTC from" in said
    assert "to 0.5000 by 15:42:18 UTC Gross exposure, book" in said
    assert "late, was due 15:41:18 UTC" in asked_words(late)


def test_many_requests_are_counted_and_the_first_due_come_first():
    now = FakeBookReader().clock.now()
    requests = [
        Reduction(str(n), PositionKey(f"s{n}", "BTC/USDT", "a"), 0.0, "why", now + n * HOUR, now)
        for n in reversed(range(8))
    ]

    said = asked_words(*requests)
    assert said.startswith("s0, BTC to 0")
    assert said.endswith("2 more.")


def test_a_planned_limit_tells_from_when_until_when():
    reader = FakeBookReader()
    (other,) = reader.policy.temporary
    planned = replace(other, starts=other.expires - timedelta(hours=1))
    reader.policy = replace(reader.policy, temporary=(planned,))

    soon = words(part(limits_view(read(reader)), "limits-expiring-content")["children"])
    assert "Planned SOL share from 19:00:00 UTC until 20:00:00 UTC" in plain(soon)


def test_whoever_set_a_temporary_limit_is_named_once():
    data = read(limit=TIGHTENED)
    (change,) = data.past.changes
    lent = replace(change, reason="temporary, set by anna: the roll", changed_by="anna")
    shown = replace(data, past=replace(data.past, changes=(lent,)))
    said = words(part(limits_view(shown), "limits-changes")["children"])

    assert said.endswith("to 5.00 %, temporary, set by anna: the roll")


def test_its_definition_names_owner_rationale_and_an_overdue_review():
    said = words(part(limits_view(read(limit=TIGHTENED)), "limits-definition")["children"])

    assert "Officer 1 A day in a hundred may cost a month's gain." in said
    assert "overdue by 11 days, 2026-11-01" in said
    assert "confidence 0.99" in said


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (None, "no date set"),
        (date(2026, 11, 12), "2026-11-12, today"),
        (date(2026, 11, 13), "2026-11-13, in 1 day"),
        (date(2026, 11, 11), "overdue by 1 day, 2026-11-11"),
        (date(2027, 5, 1), "2027-05-01"),
    ],
)
def test_a_review_says_how_far_off_it_is(due, said):
    data = read(limit="BTC share")
    chosen = data.chosen
    changed = replace(chosen, definition=replace(chosen.definition, review_by=due))

    assert said in words(detail_card(data, changed))


def test_a_limit_on_orders_has_no_course_and_says_so_by_its_sentence():
    data = read(limit="Order value")
    said = words(part(limits_view(data), "limits-detail")["children"])

    assert "One order may be worth 150 k USD at most." in said
    assert "Over time" not in said


def test_what_runs_out_is_listed_in_order():
    said = words(part(limits_view(read()), "limits-expiring-content")["children"])

    assert said == (
        "Temporary SOL share until 20:00:00 UTC Review VaR 99 %, 1 day overdue by 11 days, "
        "2026-11-01 Review Drawdown 2026-11-16, in 4 days"
    )


def test_what_runs_out_is_listed_whatever_the_filters_hide():
    data = read(scope="venue")

    assert "SOL share" in words(part(limits_view(data), "limits-expiring-content")["children"])


def test_a_range_in_which_nothing_is_known_says_so():
    data = read(FakeBookReader(history_days=0.0))

    assert "Nothing is known of this range yet" in told(data)


def test_a_cycle_later_only_what_changed_is_sent():
    reader = FakeBookReader()
    screens = Screens(reader)
    screen = Screen("limits", words=WORDS, read=read_limits, view=limits_view)
    query = parse({}, WORDS)
    before, _ = screens.view(screen, query)
    reader.advance(drift=0.001)
    update = screens.update(screen, query, before)

    assert "limit-BTC-20-share-left" in update.changes
    assert update.changes["limits-view"].keys() == {"data-cycle"}
    assert "limits-content" not in update.changes


# -- figures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "0 min"),
        (0.45, "27 s"),
        (51, "51 min"),
        (90, "1 h 30"),
        (180, "3 h"),
        (3_000, "2 d"),
        (840, "14 h"),
    ],
)
def test_how_long_is_told_in_one_or_two_units(minutes, said):
    assert plain(duration(timedelta(minutes=minutes))) == said


@pytest.mark.parametrize(
    ("hours", "status", "said", "figure"),
    [
        (3.0, LimitStatus.SOFT, "Full in 3 h at this pace.", "3 h"),
        (None, LimitStatus.WITHIN, "Not full at this pace.", "none"),
        (900.0, LimitStatus.WITHIN, "Not full at this pace.", "none"),
        (0.0, LimitStatus.SOFT, "Full now: nothing more fits.", "full"),
        (0.0, LimitStatus.HARD, "Full already.", "full"),
        (None, LimitStatus.HARD, "Not full at this pace.", "none"),
        (2.0, LimitStatus.HARD, "Full in 2 h at this pace.", "2 h"),
        (None, LimitStatus.UNKNOWN, "Its pace is unknown.", "unknown"),
    ],
)
def test_the_pace_is_told_in_words_and_in_short(hours, status, said, figure):
    assert plain(pace_words(hours, status)) == said
    assert plain(pace_figure(hours, status)) == figure


@pytest.mark.parametrize(
    ("value", "unit", "said", "short"),
    [
        (0.35, Unit.SHARE, "35.0 %", "35 %"),
        (0.0456, Unit.SHARE, "4.56 %", "4.56 %"),
        (1.5, Unit.TIMES, "1.50 ×", "1.5 ×"),
        (150_000.0, Unit.MONEY, "150.0 k USD", "150 k USD"),
        (1.0, Unit.DAYS, "1.0 d", "1 d"),
        (0.0134, Unit.DAYS, "0.01 d", "0.01 d"),
        (0.000378, Unit.DAYS, "0.0004 d", "0.0004 d"),
        (0.0, Unit.DAYS, "0.0 d", "0 d"),
        (0.00302, Unit.COUNT, "0.003", "0.003"),
        (30.0, Unit.COUNT, "30", "30"),
        (0.25, Unit.COUNT, "0.25", "0.25"),
        (0.0, Unit.FRACTION, "0.00 %", "0 %"),
    ],
)
def test_sentences_leave_out_zeros_that_say_nothing(value, unit, said, short):
    assert plain(writer("USD")(value, unit)) == said
    assert plain(trimmed(writer("USD"))(value, unit)) == short


def test_a_bar_stands_where_the_engine_says_while_a_breach_is_not_clearly_over():
    assert Utilization("a", 0.99, stated="hard").standing == "hard"
    assert Utilization("a", None, stated="hard").standing == "unknown"
    assert Utilization("a", 0.99).standing == "soft"


def test_headroom_of_a_loss_is_in_the_money_it_would_take():
    data = read()
    loss = row(data, "Daily loss")
    performance = data.cycle.state.performance
    lost = headroom_money(
        loss.definition, loss.state, data.cycle.state, data.cycle.assessment.equity
    )

    after = data.cycle.assessment.equity - lost
    unit_value = performance.unit_value * after / data.cycle.assessment.equity
    assert 1.0 - unit_value / performance.day_start.unit_value == pytest.approx(0.035)


def test_headroom_of_what_counts_no_money_is_none():
    data = read()

    assert row(data, "Open positions").money is None
    assert row(data, "BTC days to flat").money is None
    assert row(data, UNMEASURED).money is None


def test_without_equity_no_headroom_is_told_in_money():
    data = read()
    limit = row(data, "BTC share")

    assert headroom_money(limit.definition, limit.state, data.cycle.state, None) is None
    assert headroom_money(limit.definition, limit.state, data.cycle.state, 0.0) is None


# -- the file -------------------------------------------------------------------------------


def test_the_file_has_raw_numbers_of_what_is_shown():
    rows = list(csv.DictReader(io.StringIO(csv_text(read(scope="asset", kind="net_exposure")))))

    assert rows[0]["Limit"] == CROSSED
    assert float(rows[0]["Used"]) == pytest.approx(1.2448, abs=1e-4)
    assert rows[0]["Status"] == "hard"
    assert rows[0]["Scope"] == "AVAX/USDT"


def test_the_file_runs_no_formula_and_leaves_nothing_blank():
    policy = fakes_limits.build_policy()
    evil = [
        replace(limit, owner="=HYPERLINK(1)", scope=Scope(ScopeKind.PORTFOLIO, "demo"))
        if limit.name == "Gross exposure"
        else limit
        for limit in policy.limits
    ]
    text = csv_text(read(FakeBookReader(policy=replace(policy, limits=tuple(evil)))))
    rows = list(csv.DictReader(io.StringIO(text)))

    assert next(r for r in rows if r["Limit"] == "Gross exposure")["Owner"] == "'=HYPERLINK(1)"
    assert next(r for r in rows if r["Limit"] == UNMEASURED)["Used"] == "unknown"
    assert len(rows) == len(policy.limits)
