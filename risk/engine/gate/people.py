"""What people and programs ask of trading itself: latches, and reductions they mean to make."""

from concurrent.futures import Future
from uuid import uuid4

from risk.domain.actions import LatchTrading
from risk.domain.asking import checked_id, checked_name, checked_reason
from risk.domain.events import ReductionAcknowledged
from risk.domain.journalling import Asked, Told
from risk.domain.messages import CommandAnswer
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.engine.gate.common import Common, done
from risk.errors import ReductionUnknown
from risk.manager.latching import refuse_unknown_scope


class People:
    """The part of a gate that listens to who may stop trading.

    Parameters
    ----------
    common : Common
    """

    def __init__(self, common: Common) -> None:
        self._common = common
        self._acknowledged: set[str] = set()

    def latch(
        self,
        scope: Scope,
        state: TradingState,
        *,
        who: str,
        reason: str,
        latch_id: str | None,
    ) -> Future[CommandAnswer]:
        """See :meth:`risk.domain.gate.Gate.latch`."""
        common = self._common
        with common.lock:
            common.require_open()
            refuse_unknown_scope(scope, common.answering.record.state)
            asked = LatchTrading(
                seq=0,
                at=common.clock.wall(),
                who=checked_name(who),
                scope=scope,
                state=state,
                reason=checked_reason(reason),
                id=checked_id(latch_id or str(uuid4())),
            )
            common.answering.latch(asked)
            held = common.answering.latches[scope].state.name
            return common.put(
                [Asked(asked)],
                Future(),
                written=lambda: _latched(scope, held, journalled=True),
                unwritten=lambda: _latched(scope, held, journalled=False),
            )

    def acknowledge(self, reduction_id: str, *, sender: str) -> Future[Reduction]:
        """See :meth:`risk.domain.gate.Gate.acknowledge`."""
        common = self._common
        with common.lock:
            common.require_open()
            open_now = {asked.id: asked for asked in common.answering.record.state.open_reductions}
            asked = open_now.get(reduction_id)
            if asked is None:
                raise ReductionUnknown(reduction_id)
            self._acknowledged &= open_now.keys()
            if reduction_id in self._acknowledged:
                return done(asked)
            self._acknowledged.add(reduction_id)
            return common.put(
                [Told(self._event(asked, sender))],
                Future(),
                written=lambda: asked,
                unwritten=lambda: asked,
            )

    def _event(self, asked: Reduction, sender: str) -> ReductionAcknowledged:
        return ReductionAcknowledged(
            **self._common.stamp(),
            id=asked.id,
            strategy=asked.key.strategy,
            asset=asked.key.asset,
            venue=asked.key.venue,
            sender=sender,
        )


def _latched(scope: Scope, state: str, *, journalled: bool) -> CommandAnswer:
    return CommandAnswer(scope=scope.label, trading_state=state, journalled=journalled)
