"""The log as a channel: always there, and with nobody to be asked who might not answer."""

import structlog

from risk.domain.events import Severity
from risk.domain.notices import Notice

_LOG = structlog.get_logger(__name__)

_METHODS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "error"}


class LogChannel:
    """Writes each notice as one line of the engine's log: a `Channel`."""

    name = "log"

    def deliver(self, notice: Notice) -> None:
        """Write it."""
        write = getattr(_LOG, _METHODS[notice.severity])
        write(
            "notice",
            id=notice.id,
            portfolio=notice.portfolio,
            severity=notice.severity.value,
            subject=notice.subject,
            body=notice.body,
        )
