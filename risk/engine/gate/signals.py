"""What is told of answered signals: enough to see who is asking for what, never a flood."""

import math
from collections import OrderedDict

from risk.domain.decisions import Decision
from risk.domain.events import SignalValidation, Verdict
from risk.domain.journalling import Told
from risk.domain.orders import Side
from risk.engine.gate.common import Common

#: Seconds after which a signal is told again whose verdict has not changed.
AGAIN_AFTER = 60.0
#: Signals a second that are told, whoever asks; as many may come at once.
MOST_A_SECOND = 5.0
#: Answers by which a changed verdict is recognised: whoever asks makes up the names in them.
_REMEMBERED = 1_000

_Asked = tuple[str, str, Side]


class SignalNews:
    """Tells of answers to signals. Its owner holds the gate's lock.

    Nothing is set aside for a signal, and an agent may ask about one as often as it likes: it is
    told when the verdict on a strategy's asset and side changes, and now and then while it does
    not. While the journal is silent nothing is told, since what waits for it then matters more.

    Parameters
    ----------
    common : Common
    """

    def __init__(self, common: Common) -> None:
        self._common = common
        self._last: OrderedDict[_Asked, tuple[Verdict, float]] = OrderedDict()
        self._left = MOST_A_SECOND
        self._since = -math.inf

    def tell(self, decision: Decision, reasons: tuple[str, ...]) -> None:
        """Let an answer be written that is said now; it waits for nothing."""
        side = decision.side
        # Names that no table can hold are left out of a decision: it is about nobody.
        if side is None or not (decision.strategy and decision.asset):
            return
        asked = (decision.strategy, decision.asset, side)
        if not self._common.journalling or not self._is_news(asked, decision.verdict):
            return
        event = SignalValidation(
            **self._common.stamp(),
            strategy=decision.strategy,
            asset=decision.asset,
            verdict=decision.verdict,
            requested_quantity=side.sign * decision.requested,
            allowed_quantity=side.sign * decision.allowed,
            reasons=reasons,
        )
        self._common.scribe.put([Told(event)])

    def _is_news(self, asked: _Asked, verdict: Verdict) -> bool:
        now = self._common.clock.monotonic()
        before, told_at = self._last.get(asked, (None, -math.inf))
        if (before is verdict and now - told_at < AGAIN_AFTER) or not self._may_tell(now):
            return False
        self._last[asked] = verdict, now
        self._last.move_to_end(asked)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        return True

    def _may_tell(self, now: float) -> bool:
        self._left = min(MOST_A_SECOND, self._left + (now - self._since) * MOST_A_SECOND)
        self._since = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
