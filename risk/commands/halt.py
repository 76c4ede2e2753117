"""``seawall halt``: stop trading at once, whether the engine answers or not."""

from typing import cast

import click

from risk.commands.authority import NotHeard, command, line
from risk.commands.doors import asking, needs, tell
from risk.commands.output import as_json, print_json
from risk.commands.people import (
    actor_who_stops,
    book_of,
    by_name,
    by_whom,
    for_a_reason,
    of_portfolio,
)
from risk.commands.scopes import of_scope, scope_of
from risk.config import load_settings
from risk.domain.actions import LatchTrading
from risk.domain.actors import Ability
from risk.domain.asking import checked_name, checked_reason
from risk.domain.changing import Braking, Changes, ChangeStore, Stopped
from risk.domain.events import RiskEvent
from risk.domain.latches import way_back
from risk.domain.messages import CommandAnswer, CommandBody
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.domain.warrants import Warrant
from risk.engine.actions import Actions
from risk.engine.clock import wall_time


@click.command()
@of_portfolio
@of_scope
@click.option("--reduce-only", is_flag=True, help="Let through what only reduces.")
@for_a_reason
@by_whom
@as_json
@needs(Ability.HALT, by=actor_who_stops)
def halt(
    portfolio: str | None,
    reduce_only: bool,
    reason: str,
    who: str | None,
    as_json: bool,
    **named: str | None,
) -> None:
    """Stop trading in a book, or in one part of it, until somebody resumes it.

    The engine is asked first and holds it from its next order on. If it does not answer, it is
    written into the database and holds as soon as an engine runs. docs/halting.md says what still
    works.
    """
    name = book_of(portfolio)
    scope = scope_of(name, named)
    state = TradingState.REDUCE_ONLY if reduce_only else TradingState.HALTED
    brake = _ShortWay()
    actions = Actions(cast(ChangeStore, _OnlyTells()), brake, wall=wall_time)
    answer = actions.halt(by_name(asking(), who), name, scope, state, reason=checked_reason(reason))
    if brake.silence is None:
        _tell_answered(name, brake.asked, answer, as_json=as_json)
    else:
        _tell_written(name, brake.asked, brake.silence, as_json=as_json)


class _OnlyTells:
    """All that stopping needs of a store: a place for what was denied. Opened when there is."""

    def tell(self, *events: RiskEvent) -> None:
        tell(*events)

    def by(self, _warrant: Warrant) -> Changes:
        # The short way writes by itself what the engine does not hear.
        return cast(Changes, self)


class _ShortWay:
    """To the engine, and where it is silent into the database: a `Brake`.

    Attributes
    ----------
    asked : LatchTrading
        What was asked last, as it stands in the database where it was written there.
    silence : NotHeard or None
        Why the engine did not do it.
    """

    asked: LatchTrading
    silence: NotHeard | None = None

    def breaker(self, portfolio: str, name: str) -> Braking:
        """What a breaker holds: see `risk.domain.changing.Brake`."""
        return line(load_settings()).breaker(portfolio, name)

    def latch(
        self,
        portfolio: str,
        scope: Scope,
        state: TradingState,
        *,
        reason: str,
        who: str,
        latch_id: str,
    ) -> CommandAnswer:
        """Stop trading in a scope: see `risk.domain.changing.Brake`."""
        self.asked = LatchTrading(
            seq=0,
            at=wall_time(),
            who=checked_name(who),
            scope=scope,
            state=state,
            reason=reason,
            id=latch_id,
        )
        try:
            return command(load_settings(), _body(portfolio, self.asked), scope=scope.label)
        except NotHeard as silence:
            self.silence = silence
            self.asked = _written(portfolio, self.asked, silence)
        return CommandAnswer(scope=scope.label, trading_state=state.name, journalled=True)


def _body(portfolio: str, asked: LatchTrading) -> CommandBody:
    return CommandBody(
        command="halt" if asked.state is TradingState.HALTED else "reduce_only",
        portfolio=portfolio,
        reason=asked.reason,
        scope=None if asked.scope.kind is ScopeKind.PORTFOLIO else asked.scope.label,
        who=asked.who,
        id=asked.id,
    )


def _written(portfolio: str, asked: LatchTrading, silence: NotHeard) -> LatchTrading:
    """The same in the database, under its id: if the engine has it after all, it counts once."""
    # Not at the top: the way to the engine must be short, and needs no database.
    from risk.commands.halt_in_store import written  # noqa: PLC0415

    return written(portfolio, asked, silence)


# --- what is told --------------------------------------------------------------------------


def _tell_answered(portfolio: str, asked: LatchTrading, answer: Stopped, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(portfolio, asked, answer.trading_state, "engine", answer.journalled))
        return
    state = answer.trading_state.replace("_", " ")
    click.echo(f"{asked.scope.label} is {state}: the engine holds it from the next order on.")
    if not answer.journalled:
        click.echo(
            "Its database does not answer: it holds in memory, and is written down as soon as it "
            "does. An engine that is restarted before then does not know of it."
        )
    _tell_way_back(portfolio, asked.scope)


def _tell_written(
    portfolio: str, written: LatchTrading, silence: NotHeard, *, as_json: bool
) -> None:
    if as_json:
        document = _document(portfolio, written, written.state.name, "database", True)
        print_json({**document, "number": written.seq, "problem": f"the engine {silence.why}"})
        return
    scope = written.scope
    done = "halt" if written.state is TradingState.HALTED else "let only reductions pass in"
    click.echo(f"The engine {silence.why}; it will {done} {scope.label} as soon as it runs.")
    click.echo(
        f"It waits in the database as number {written.seq}; an engine takes it in with its next "
        "cycle, and while none runs no order is let through."
    )
    _tell_way_back(portfolio, scope)


def _tell_way_back(portfolio: str, scope: Scope) -> None:
    click.echo(f"`{way_back(portfolio, scope)}` lets it go.")


def _document(
    portfolio: str, asked: LatchTrading, state: str, by: str, journalled: bool
) -> dict[str, object]:
    return {
        "portfolio": portfolio,
        "scope": asked.scope.label,
        "trading_state": state,
        "held_by": by,
        "journalled": journalled,
        "who": asked.who,
        "reason": asked.reason,
        "id": asked.id,
        "number": None,
        "problem": None,
    }
