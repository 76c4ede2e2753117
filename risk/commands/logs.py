"""How our processes write their log: lines to read on a terminal, JSON lines elsewhere."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor


def configure_logs(level: str, *, stream: TextIO | None = None) -> None:
    """Send log lines of at least `level` to standard error, those of libraries from *warning*.

    Parameters
    ----------
    level : str
        ``debug``, ``info``, ``warning`` or ``error``.
    stream : TextIO, optional
        Instead of standard error.
    """
    out = stream or sys.stderr
    ours = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending = _rendering(out)
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(ours),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _send_library_logs(out, shared, ending, level=max(ours, logging.WARNING))


def _rendering(out: TextIO) -> list[Processor]:
    if out.isatty():
        # The rich traceback prints the values of variables: slow, and nobody else's business.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _send_library_logs(
    out: TextIO, shared: list[Processor], ending: list[Processor], *, level: int
) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
