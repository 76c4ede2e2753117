"""A policy as a file: read exactly, written so that it reads back the same, refused in words."""

from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given

from risk.domain.limits import LimitDefinition
from risk.domain.policy import Instrument, Policy, RegimePack, Rung
from risk.errors import PolicyInvalid
from risk.policy.file import soft_of
from risk.policy.text import policy_text
from tests.policy_files import BTC, FILE, ON_BTC, OWNER, VAR, WHOLE, policies, policy_of

BOOK = "[[limits]]\nkind = 'gross_exposure'\non = 'portfolio'\nhard = 2\n"


# --- what a file says ----------------------------------------------------------------------


def test_what_may_be_traded_is_read_with_its_steps() -> None:
    policy = policy_of()

    assert policy.instruments == {"BTC/USDT": Instrument(lot=0.001), "ETH/USDT": Instrument()}
    assert policy.strategies == {"trend": "trend following", "dip": "mean reversion"}


def test_an_entry_with_several_scopes_is_a_limit_of_each() -> None:
    names = [limit.name for limit in policy_of().limits]

    assert names == [
        "gross_exposure portfolio",
        ON_BTC,
        "net_exposure asset ETH/USDT",
        VAR,
        "orders a minute",
    ]
    assert policy_of().limit(ON_BTC) == LimitDefinition(
        name=ON_BTC,
        kind="net_exposure",
        scope=BTC,
        hard=0.25,
        soft=0.2,
        owner="anna",
        rationale="No coin may take a quarter of the equity with it.",
        review_by=date(2027, 6, 30),
    )


def test_a_limit_on_the_portfolio_is_set_on_the_one_it_is_read_for() -> None:
    limit = policy_of().limit(VAR)

    assert limit is not None
    assert (limit.scope, limit.parameters, limit.dynamic) == (WHOLE, {"confidence": 0.99}, True)


def test_a_name_of_several_limits_is_how_theirs_begin() -> None:
    told = FILE.replace('kind = "net_exposure"', 'kind = "net_exposure"\nname = "coin"')

    assert policy_of(told).limit("coin asset ETH/USDT") is not None


@pytest.mark.parametrize(("hard", "soft"), [(2.0, 1.6), (0.05, 0.04), (0.1, 0.08), (0.0, 0.0)])
def test_a_limit_warns_from_four_fifths_on_unless_it_says_otherwise(
    hard: float, soft: float
) -> None:
    assert soft_of(hard) == soft


def test_times_are_read_in_their_zone() -> None:
    (temporary,) = policy_of().temporary

    assert temporary.expires == datetime(2027, 2, 1, 10, tzinfo=UTC)
    assert (temporary.soft, temporary.by) == (0.064, "ben")


def test_how_limits_move_and_when_positions_shrink_is_read_beside_the_defaults() -> None:
    policy = policy_of()

    assert (policy.dynamics.floor, policy.dynamics.cap) == (0.5, Policy().dynamics.cap)
    assert policy.dynamics.packs == {"portfolio": RegimePack(stressed=0.7)}
    assert policy.derisking.ladder[1] == Rung(drawdown=0.1, size=0.5)


def test_the_example_of_the_documentation_is_a_policy() -> None:
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]

    assert {limit.name for limit in policy_of(example).limits} >= {ON_BTC, VAR}


def test_an_empty_file_is_a_policy_under_which_nothing_may_be_traded() -> None:
    assert policy_of("") == Policy()


# --- what is written -----------------------------------------------------------------------


@given(policies())
def test_what_is_written_reads_back_as_the_very_same(policy: Policy) -> None:
    text = policy_text(policy)

    assert policy_of(text) == policy
    assert policy_text(policy_of(text)) == text


def test_limits_that_differ_in_their_scope_alone_share_an_entry() -> None:
    text = policy_text(policy_of())

    assert 'on = ["asset:BTC/USDT", "asset:ETH/USDT"]\nhard = 0.25\nsoft = 0.2\n' in text
    assert text.count("[[limits]]") == 4


def test_the_portfolio_is_not_named_so_that_another_can_adopt_the_file() -> None:
    assert OWNER not in policy_text(policy_of())


# --- what is refused -----------------------------------------------------------------------

REFUSED = {
    "not TOML": ("a = 1\nb =\n", "the file is not TOML: .*line 2"),
    "a key twice": ("by = 'a'\nby = 'b'\n", "the file is not TOML: .*line 2"),
    "a number of too many digits": (f"version = {'9' * 5000}", "the file is not TOML"),
    "too deep": (f"a = {'[' * 10_000}{']' * 10_000}", "the file is not TOML"),
    "an unknown section": ("[limit]\n", "the file has limit, .* did you mean limits"),
    "a list where a table must be": ("instruments = []", r"instruments = \[\], .* a table"),
    "a table where a list must be": ("[limits]\n", "limits = {}, .* a list of tables"),
    "an unknown step": ("[instruments]\nX = { tock = 1 }", "instrument X has tock, .*mean tick"),
    "a negative step": ("[instruments]\nX = { tick = -1 }", "instrument X has tick -1"),
    "no number": ("[instruments]\nX = { tick = true }", "tick = True, which must be a number"),
    "a number in quotes": (BOOK.replace("2", "'2'"), "hard = '2', which must be a number"),
    "NaN": (BOOK.replace("2", "nan"), "gross_exposure portfolio needs thresholds .* nan"),
    "infinity": (BOOK.replace("2", "inf"), "hard, which must be a finite number"),
    "a number beyond all": (BOOK.replace("2", "9" * 400), "must be a finite number"),
    "a negative threshold": (BOOK.replace("2", "-2"), "needs thresholds 0 <= soft <= hard"),
    "soft above hard": (BOOK + "soft = 3", "needs thresholds 0 <= soft <= hard"),
    "no kind": ("[[limits]]\n", "limit 1 needs kind"),
    "an unknown kind": (BOOK.replace("gross", "grass"), "did you mean gross_exposure"),
    "an unknown key": (BOOK + "sfot = 1", r"limit 1 \(gross_exposure\) has sfot, .* mean soft"),
    "a setting of another kind": (BOOK + "confidence = 0.95", "has confidence, which is not known"),
    "what is no setting": (BOOK + "monotone = true", "has monotone, which is not known"),
    "a setting of a wrong type": (
        BOOK.replace("gross_exposure", "value_at_risk") + "horizon = 1",
        "horizon 1.0, which must be text",
    ),
    "a level that no model measures": (
        BOOK.replace("gross_exposure", "value_at_risk") + "confidence = 0.9",
        "confidence must be one of",
    ),
    "a setting that is no number": (
        BOOK.replace("gross_exposure", "order_rate") + "seconds = nan",
        "has seconds nan",
    ),
    "a list that holds no texts": (
        BOOK.replace("gross_exposure", "stablecoin_exposure") + "assets = [1]",
        "must be a list of texts",
    ),
    "no scope": (BOOK.replace("on = 'portfolio'\n", ""), "needs on"),
    "no scopes": (BOOK.replace("'portfolio'", "[]"), "must name a scope or list some"),
    "a scope of no kind": (BOOK.replace("'portfolio'", "'BTC/USDT'"), "which is no scope"),
    "every asset": (BOOK.replace("'portfolio'", "'asset:*'"), r"asset \*, which the policy lacks"),
    "an unknown strategy": (
        FILE.replace("strategy:trend", "strategy:tend"),
        "strategy tend, which the policy lacks; there are dip, trend",
    ),
    "an unknown strategy type": (
        BOOK.replace("'portfolio'", "'strategy_type:x'"),
        "strategy type x, which the policy lacks; there are none",
    ),
    "a scope that does not suit": (
        BOOK.replace("gross_exposure", "leverage").replace("'portfolio'", "'venue:a'"),
        "may be set on portfolio, not on venue",
    ),
    "a name twice": (BOOK + BOOK, "gross_exposure portfolio is the name of two limits"),
    "a name that could fool": (BOOK + 'name = "a\\u202eb"', "not printable"),
    "no truth": (BOOK + "dynamic = 1", "dynamic = 1, which must be true or false"),
    "a date in quotes": (BOOK + "review_by = '2027-01-31'", "must be a date without quotes"),
    "a time as a date": (BOOK + "review_by = 2027-01-31T00:00:00Z", "must be a date without"),
    "no such date": (BOOK + "review_by = 2027-02-30", "the file is not TOML"),
    "a version below one": (BOOK + "version = 0", "a whole number, 1 or more"),
    "a temporary limit of none": (
        FILE.replace(f'limit = "{VAR}"', 'limit = "value_at_risk portfolo"'),
        f"policy lacks; did you mean {VAR}",
    ),
    "a time without a zone": (FILE.replace("08:00:00Z", "08:00:00"), "a time with its zone"),
    "an end before the beginning": (FILE.replace("T12:00:00+", "T09:00:00+"), "not after"),
    "temporary thresholds upside down": (
        FILE.replace("hard = 0.08", "hard = 0.08\nsoft = 0.09"),
        f"temporary limit of {VAR} needs thresholds",
    ),
    "no reason": (FILE.replace('"the roll"', '" "'), "needs a reason"),
    "a floor above one": ("[dynamics]\nfloor = 1.1", "dynamics has floor 1.1, .* between 0 and 1"),
    "no floor": ("[dynamics]\nfloor = 0", "floor 0, which must be above 0"),
    "a cap below one": ("[dynamics]\ncap = 0.9", "cap 0.9, .* between 1 and 1000"),
    "a fall that ends where it begins": (
        "[dynamics]\ndrawdown_from = 0.2",
        "drawdown_from 0.2, which must be below drawdown_to 0.2",
    ),
    "a step of nothing": ("[dynamics]\nstep = 0", "step 0, .* between 1e-06 and 1"),
    "more steps than floats count": ("[dynamics]\nstep = 1e-320", "between 1e-06 and 1"),
    "a cap without end": ("[dynamics]\ncap = 1e308", "between 1 and 1000"),
    "a pack without end": ("[dynamics.packs]\nportfolio = { calm = 1e308 }", "0 and 1000"),
    "a rise that takes for ever": ("[dynamics]\nloosen_per_day = 1e-300", "loosen_per_day"),
    "a window beyond the calendar": (
        BOOK.replace("gross_exposure", "order_rate") + "seconds = 1e12",
        "has seconds 1e.12, which must be between",
    ),
    **{
        f"{name} beyond the calendar": (
            f"[strategies]\na = 'b'\n[stops.a]\nfixed = 0.1\n{name} = 1e10",
            f"stops of a cannot be: {name} must be .* at most, ten years",
        )
        for name in (
            "time_stop_hours",
            "cool_down_hours",
            "fill_within_seconds",
            "escalate_every_seconds",
        )
    },
    "a time outside the calendar": (
        FILE.replace("2027-02-01T08:00:00Z", "0001-01-01T00:00:00+14:00"),
        "a time with its zone",
    ),
    "a number that cannot be written": (
        BOOK + "owner = 0x" + "f" * 5000,
        "a number beyond all others, which must be text",
    ),
    "a version that cannot be written": ("version = 0x" + "f" * 5000, "must be a whole number"),
    "a page where a number should be": (BOOK + f"soft = '{'x' * 10**5}'", "x[.]{3}, which must"),
    "a pack of nobody's": ("[dynamics.packs]\nx = {}", "regime pack x is for a strategy type"),
    "an unknown regime": ("[dynamics.packs]\nportfolio = { wild = 1 }", "has wild, .* there are"),
    "a type called like the whole": ("[strategies]\na = 'portfolio'", "choose another"),
    "a rung without a size": ("[derisking]\nladder = [{ drawdown = 0.1 }]", "needs size"),
    "a ladder out of order": (
        "[derisking]\nladder = [{ drawdown = 0.1, size = 0.5 }, { drawdown = 0.05, size = 0.2 }]",
        "ladder at 0.05 is out of order",
    ),
    "a ladder that grows": (
        "[derisking]\nladder = [{ drawdown = 0.1, size = 0.5 }, { drawdown = 0.2, size = 0.6 }]",
        "ladder at 0.2 is out of order",
    ),
    "stops of a stranger": ("[stops.x]\nfixed = 0.1", "stops of x are of a strategy that"),
    "an unknown stop": ("[stops.trend]\ntrail = 1", "stops of trend has trail, which is not known"),
    "a stop of nothing": ("[stops.trend]", "stops of trend cannot be: a plan that applies needs"),
    "a stop beyond zero": ("[stops.trend]\nfixed = 1.5", "fixed must lie in .0, 1., got 1.5"),
    "a stop of no number": ("[stops.trend]\nfixed = true", "fixed = True, which must be a number"),
    "an unknown unit": (
        "[stops.trend]\nfixed = 0.1\ntarget_unit = 'pips'",
        "stops of trend cannot be: 'pips' is not a valid TargetUnit",
    ),
    "a rung that sells everything twice": (
        "[stops.trend]\ntake_profit = [{ distance = 1, share = 1 }, { distance = 2, share = 1 }]",
        "rungs sell 2 of the entry quantity",
    ),
    "a rung of a ladder without a share": (
        "[stops.trend]\ntake_profit = [{ distance = 1 }]",
        "rung 1 of take_profit, stops of trend, needs share",
    ),
    "a step too small to count": (
        "[dynamics]\nstep = 1e-12",
        "step 1e-12, which must be between 1e-06 and 1",
    ),
    "a deadline after years": (
        "[derisking]\ndeadline_minutes = 1e9",
        "deadline_minutes 1e.09, which must be between 0 and 525600",
    ),
    "a threshold beyond all sums": (
        BOOK.replace("2", "1e300"),
        "gross_exposure portfolio has hard 1e.300, which must be between 0 and 1e.18",
    ),
    "a stop that waits for ever": (
        "[stops.trend]\nfixed = 0.1\ncool_down_hours = 1e9",
        "cool_down_hours must be 87600 at most, ten years, got 1e.09",
    ),
    "a margin of all": ("maintenance_margin = 1", "maintenance_margin 1, which must be below 1"),
    "a margin of more than all": ("maintenance_margin = 1.5", "between 0 and 1"),
    "clusters of what is not correlated": ("cluster_correlation = 1.5", "between 0 and 1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_the_entry_and_one_sentence(what: str) -> None:
    text, told = REFUSED[what]

    with pytest.raises(PolicyInvalid, match=f"^policy: .*{told}"):
        policy_of(text)


def test_two_temporary_limits_of_one_time_are_refused() -> None:
    twice = FILE + FILE[FILE.index("[[temporary]]") :]

    with pytest.raises(PolicyInvalid, match="before another one expires at 2027-02-01T12:00:00"):
        policy_of(twice)


# --- children and parents ------------------------------------------------------------------


def entry(on: str, hard: float, kind: str = "gross_exposure") -> str:
    return f'\n[[limits]]\nkind = "{kind}"\non = "{on}"\nhard = {hard}\n'


WITHOUT = FILE[: FILE.index("[[limits]]")]


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("strategy:trend", "strategy_type:trend following"),
        ("strategy:trend", "portfolio"),
        ("strategy_type:mean reversion", "portfolio"),
        ("asset:BTC/USDT", "portfolio"),
        ("venue:sim-a", "portfolio"),
    ],
)
def test_a_part_is_not_allowed_more_than_the_whole(child: str, parent: str) -> None:
    policy_of(WITHOUT + entry(parent, 0.5) + entry(child, 0.5))

    with pytest.raises(PolicyInvalid, match=r"allows 0.6 where gross_exposure .* allows 0.5"):
        policy_of(WITHOUT + entry(child, 0.6) + entry(parent, 0.5))


def test_a_part_is_compared_with_what_encloses_it_alone() -> None:
    policy_of(
        WITHOUT
        + entry("strategy_type:mean reversion", 0.5)
        + entry("strategy:trend", 0.9)
        + entry("portfolio", 0.4, kind="net_exposure")
    )


SENT = {"portfolio": 5, "strategy:dip": 9}


def test_other_units_than_shares_of_equity_are_not_compared() -> None:
    policy_of(
        WITHOUT + entry("portfolio", 5, "order_rate") + entry("strategy:dip", 9, "order_rate")
    )


def test_a_part_may_be_raised_for_a_while_as_far_as_its_whole() -> None:
    def raised(limit: str, hard: float) -> str:
        times = "starts = 2027-02-01T08:00:00Z\nexpires = 2027-02-01T12:00:00Z\n"
        return f'\n[[temporary]]\nlimit = "{limit}"\nhard = {hard}\n{times}reason = "the roll"\n'

    limits = WITHOUT + entry("portfolio", 0.5) + entry("venue:sim-a", 0.5)
    child = raised("gross_exposure venue sim-a", 0.6)

    with pytest.raises(PolicyInvalid, match=r"sim-a allows 0.6 where"):
        policy_of(limits + child)
    policy_of(limits + child + raised("gross_exposure portfolio", 0.6))


def test_a_part_is_not_raised_for_longer_than_its_whole() -> None:
    """Else nothing could be asked of the policy from the end of the one to that of the other."""

    def raised(limit: str, starts: int, expires: int) -> str:
        times = f"starts = 2027-02-0{starts}T08:00:00Z\nexpires = 2027-02-0{expires}T08:00:00Z\n"
        return f'\n[[temporary]]\nlimit = "{limit}"\nhard = 0.6\n{times}reason = "the roll"\n'

    limits = WITHOUT + entry("portfolio", 0.5) + entry("venue:sim-a", 0.5)
    child = limits + raised("gross_exposure venue sim-a", 1, 4)
    whole = "gross_exposure portfolio"

    for others in (raised(whole, 1, 3), raised(whole, 1, 2) + raised(whole, 3, 4)):
        with pytest.raises(PolicyInvalid, match=r"sim-a allows 0.6 where"):
            policy_of(child + others)
    policy_of(child + raised(whole, 1, 4))
    policy_of(child + raised(whole, 1, 2) + raised(whole, 2, 5))


def test_a_part_is_not_defined_above_what_its_whole_may_be_for_a_while() -> None:
    raised = (
        '\n[[temporary]]\nlimit = "gross_exposure portfolio"\nhard = 0.6\nreason = "the roll"\n'
        "starts = 2027-02-01T08:00:00Z\nexpires = 2027-02-01T12:00:00Z\n"
    )
    limits = WITHOUT + entry("portfolio", 0.5) + entry("venue:sim-a", 0.6)

    with pytest.raises(PolicyInvalid, match=r"sim-a allows 0.6 where"):
        policy_of(limits + raised)


def test_thousands_of_limits_are_read_in_seconds() -> None:
    """Not each of them compared with each other one."""
    coins = [f"C{number}" for number in range(4_000)]
    named = "".join(f"{coin} = {{}}\n" for coin in coins)
    scopes = ", ".join(f'"asset:{coin}"' for coin in coins)
    began = perf_counter()

    policy = policy_of(
        f"[instruments]\n{named}[[limits]]\nkind = 'net_exposure'\non = [{scopes}]\nhard = 0.1\n"
    )

    assert len(policy.limits) == len(coins)
    assert perf_counter() - began < 10.0
