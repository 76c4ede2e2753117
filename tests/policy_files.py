"""Policies as people write them, and random ones for laws that hold of every policy."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from risk.breakers.types import BREAKER_TYPES
from risk.domain.breakers import IMPOSABLE, BreakerDefinition
from risk.domain.limits import LimitDefinition, TemporaryLimit, suffixed
from risk.domain.policy import (
    DeRisking,
    Dynamics,
    Instrument,
    Policy,
    RegimePack,
    Rung,
)
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import StopPlan, TakeProfit, TargetUnit
from risk.domain.trading import TradingState
from risk.limits.types import LIMIT_TYPES
from risk.policy.adoption import LONGEST_LENT
from risk.policy.file import read_policy

OWNER = "demo"
WHOLE = Scope(ScopeKind.PORTFOLIO, OWNER)
BTC = Scope(ScopeKind.ASSET, "BTC/USDT")
#: A limit of the file below.
ON_BTC = "net_exposure asset BTC/USDT"
VAR = "value_at_risk portfolio"
MONDAY = datetime(2027, 2, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)

FILE = """
[instruments]
"BTC/USDT" = { lot = 0.001 }
"ETH/USDT" = {}

[strategies]
trend = "trend following"
dip = "mean reversion"

[dynamics]
floor = 0.5

[dynamics.packs]
portfolio = { stressed = 0.7 }

[derisking]
ladder = [{ drawdown = 0.05, size = 0.75 }, { drawdown = 0.1, size = 0.5 }]

[[limits]]
kind = "gross_exposure"
on = "portfolio"
hard = 2

[[limits]]
kind = "net_exposure"
on = ["asset:BTC/USDT", "asset:ETH/USDT"]
hard = 0.25
owner = "anna"
rationale = \"\"\"
No coin may take a quarter
of the equity with it.\"\"\"
review_by = 2027-06-30

[[limits]]
kind = "value_at_risk"
on = "portfolio"
confidence = 0.99
hard = 0.06
soft = 0.03
dynamic = true

[[limits]]
kind = "order_rate"
name = "orders a minute"
on = "strategy:trend"
hard = 20

[[temporary]]
limit = "value_at_risk portfolio"
hard = 0.08
starts = 2027-02-01T08:00:00Z
expires = 2027-02-01T12:00:00+02:00
reason = "the roll"
by = "ben"
"""

#: Breakers of such a file.
BREAKERS = """
[[breakers]]
name = "market fall"
kind = "market_volatility"
on = "portfolio"
fall_sigmas = 2
trip = 1.75
release = 1.4
least_hours = 12
greatest_hours = 168
probation_hours = 24
owner = "anna"
rationale = "Falls go on."

[[breakers]]
kind = "drawdown"
on = ["strategy:trend", "strategy:dip"]
trip = 0.1
state = "throttled"
size = 0.25
confirm = 2
of = 3
enabled = false
"""


def policy_of(text: str = FILE) -> Policy:
    """The policy of the portfolio `OWNER` that `text` describes."""
    return read_policy(text, portfolio=OWNER)


# --- random ones ---------------------------------------------------------------------------

_TEXTS = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=12)
_SENTENCES = st.lists(_TEXTS, max_size=3).map(" ".join)
_SHARES = st.floats(0.001, 1.0)
_SIZES = st.floats(0.0, 1e12)
_TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001

_SETTINGS = {
    "days_to_flat": st.fixed_dictionaries({}, optional={"participation": _SHARES}),
    "value_at_risk": st.fixed_dictionaries(
        {}, optional={"confidence": st.sampled_from([0.95, 0.99]), "horizon": st.just("1h")}
    ),
    "order_rate": st.fixed_dictionaries({}, optional={"seconds": st.floats(1.0, 1e4)}),
    "stablecoin_exposure": st.fixed_dictionaries(
        {}, optional={"assets": st.lists(_TEXTS, max_size=20).map(tuple)}
    ),
    "market_volatility": st.fixed_dictionaries(
        {}, optional={"fall_sigmas": st.floats(0.0, 9.0), "easing_hours": st.floats(1.0, 99.0)}
    ),
}
_NO_SETTINGS = st.just({})


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Sound policies of the portfolio `OWNER`, with every part of one."""
    instruments = draw(st.dictionaries(_TEXTS, _instruments(), max_size=4))
    types = _TEXTS.filter(lambda kind: kind != "portfolio")
    strategies = draw(st.dictionaries(_TEXTS, types, max_size=3))
    scopes = _scopes(instruments, strategies)
    limits = draw(st.lists(_limits(scopes), max_size=8, unique_by=lambda limit: limit.name))
    raised = (
        draw(st.lists(st.sampled_from(limits), max_size=3, unique_by=lambda limit: limit.name))
        if limits
        else []
    )
    breakers = st.lists(_breakers(scopes), max_size=3, unique_by=lambda breaker: breaker.name)
    packs = st.sampled_from(["portfolio", *strategies.values()])
    return Policy(
        version=draw(st.integers(0, 99)),
        by=draw(_SENTENCES),
        instruments=instruments,
        strategies=strategies,
        limits=tuple(limits),
        breakers=tuple(draw(breakers)),
        temporary=tuple(draw(_temporary(limit)) for limit in raised),
        dynamics=Dynamics(
            floor=draw(_SHARES),
            cap=draw(st.floats(1.0, 10.0)),
            performance_least=draw(_SHARES),
            packs=draw(st.dictionaries(packs, st.builds(RegimePack, calm=_SHARES), max_size=3)),
        ),
        derisking=DeRisking(release=draw(_SHARES), ladder=draw(_ladders())),
        stops={strategy: draw(_plans()) for strategy in strategies if draw(st.booleans())},
        cluster_correlation=draw(_SHARES),
        maintenance_margin=draw(st.floats(0.0, 0.5)),
    )


def _plans() -> st.SearchStrategy[StopPlan]:
    two = (TakeProfit(distance=1.0, share=0.5), TakeProfit(distance=2.0, share=0.25))
    return st.builds(
        StopPlan,
        applies=st.booleans(),
        fixed=_SHARES.filter(lambda share: share < 1.0),
        atr_trail=st.none() | st.floats(0.1, 9.0),
        take_profit=st.sampled_from([(), two]),
        target_unit=st.sampled_from(TargetUnit),
        cool_down_hours=st.floats(0.0, 1e4),
    )


def _instruments() -> st.SearchStrategy[Instrument]:
    return st.builds(Instrument, tick=_SIZES, lot=_SIZES, least=_SIZES)


def _scopes(instruments: dict[str, Instrument], strategies: dict[str, str]) -> list[Scope]:
    return [
        WHOLE,
        Scope(ScopeKind.VENUE, "sim-a"),
        *(Scope(ScopeKind.ASSET, name) for name in instruments),
        *(Scope(ScopeKind.STRATEGY, name) for name in strategies),
        *(Scope(ScopeKind.STRATEGY_TYPE, name) for name in strategies.values()),
    ]


@st.composite
def _limits(draw: st.DrawFn, scopes: list[Scope]) -> LimitDefinition:
    kind = draw(
        st.sampled_from([kind for kind in LIMIT_TYPES.values() if WHOLE.kind in kind.scopes])
    )
    scope = draw(st.sampled_from([scope for scope in scopes if scope.kind in kind.scopes]))
    # All of the same height: no child is above its parent.
    stem = draw(st.sampled_from([kind.kind, "as agreed"]) | _TEXTS)
    return LimitDefinition(
        name=draw(st.sampled_from([suffixed(stem, scope), stem])),
        kind=kind.kind,
        scope=scope,
        hard=0.7,
        soft=draw(st.sampled_from([0.0, 0.56, 0.7])),
        parameters=draw(_SETTINGS.get(kind.kind, _NO_SETTINGS)),
        dynamic=draw(st.booleans()),
        owner=draw(st.sampled_from(["", "anna"]) | _SENTENCES),
        rationale=draw(_SENTENCES),
        review_by=draw(st.none() | st.dates(date(2020, 1, 1))),
        version=draw(st.integers(1, 3)),
    )


@st.composite
def _breakers(draw: st.DrawFn, scopes: list[Scope]) -> BreakerDefinition:
    kind = draw(
        st.sampled_from([kind for kind in BREAKER_TYPES.values() if WHOLE.kind in kind.scopes])
    )
    scope = draw(st.sampled_from([scope for scope in scopes if scope.kind in kind.scopes]))
    stem = draw(st.sampled_from([kind.kind, "as agreed"]) | _TEXTS)
    least, confirm = draw(st.floats(0.02, 1e4)), draw(st.integers(1, 20))
    state = draw(st.sampled_from(IMPOSABLE))
    return BreakerDefinition(
        name=draw(st.sampled_from([suffixed(stem, scope), stem])),
        kind=kind.kind,
        scope=scope,
        trip=draw(st.sampled_from([0.5, 0.7])),
        release=draw(st.sampled_from([0.0, 0.35, 0.5])),
        state=state,
        size=draw(st.sampled_from([0.5, 0.25])),
        flatten=state is not TradingState.THROTTLED and draw(st.booleans()),
        enabled=draw(st.booleans()),
        confirm=confirm,
        of=draw(st.integers(confirm, 20)),
        least_hours=least,
        greatest_hours=least * draw(st.floats(1.0, 8.0)),
        probation_hours=draw(st.floats(1e-6, 1e4)),
        parameters=draw(_SETTINGS.get(kind.kind, _NO_SETTINGS)),
        owner=draw(st.sampled_from(["", "anna"])),
        rationale=draw(_SENTENCES),
        version=draw(st.integers(1, 3)),
    )


def _temporary(limit: LimitDefinition) -> st.SearchStrategy[TemporaryLimit]:
    def lasting(starts: datetime) -> st.SearchStrategy[TemporaryLimit]:
        return st.builds(
            TemporaryLimit,
            limit=st.just(limit.name),
            hard=st.just(0.7),
            soft=st.floats(0.0, 0.7),
            starts=st.just(starts),
            expires=st.timedeltas(timedelta(microseconds=1), LONGEST_LENT).map(
                lambda lasts: starts + lasts
            ),
            reason=_TEXTS,
            by=_SENTENCES,
        )

    return _TIMES.flatmap(lasting)


def _ladders() -> st.SearchStrategy[tuple[Rung, ...]]:
    whole = st.sets(st.integers(1, 20), max_size=5).map(sorted)
    return whole.map(lambda steps: tuple(Rung(drawdown=n / 20, size=1 - n / 20) for n in steps))
