"""What was answered to signals and orders."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from risk.domain.events.base import RiskEvent


class Verdict(StrEnum):
    """The answer to an order or a signal."""

    APPROVE = "approve"
    RESIZE = "resize"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True)
class SignalValidation(RiskEvent):
    """The Risk Manager answered a trading signal, before any order exists.

    Told when the verdict on a strategy's asset and side changes, and once a minute while it is
    asked about and does not; five a second at most, and none while the database is away.

    Attributes
    ----------
    strategy, asset : str
    verdict : Verdict
    requested_quantity, allowed_quantity : float
        Signed units; `allowed_quantity` is what would pass now.
    reasons : tuple of str
        Codes of the checks that decided.
    """

    strategy: str
    asset: str
    verdict: Verdict
    requested_quantity: float
    allowed_quantity: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OrderValidation(RiskEvent):
    """The Risk Manager answered an order.

    Attributes
    ----------
    client_order_id, strategy, asset : str
    verdict : Verdict
    requested_quantity, allowed_quantity : float
        Signed units; zero allowed when rejected.
    reasons : tuple of str
        Codes of the checks that decided.
    sender : str
        Whose key the order came with; empty in events from before there were keys.
    answer_digest : str
        SHA-256 of the whole answer as it was said, in hexadecimal; empty in those too.
    """

    version: ClassVar[int] = 2

    client_order_id: str
    strategy: str
    asset: str
    verdict: Verdict
    requested_quantity: float
    allowed_quantity: float
    reasons: tuple[str, ...]
    sender: str = ""
    answer_digest: str = ""
