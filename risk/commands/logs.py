"""How our processes write their log: lines to read on a terminal, JSON lines elsewhere.

Whatever is called like a secret is left out of a line, whoever logs it and however deep it lies.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TextIO, cast

import click
import structlog
from structlog.typing import EventDict, Processor

#: Names of what nobody may read in a log, alone or as a part of a longer name.
_SECRET = re.compile(
    r"password|passwd|secret|csrf|cookie|authori[sz]ation|session|otp|credential|api_?key"
    r"|(^|_)(token|code|pin)$",
    re.IGNORECASE,
)
_LEFT_OUT = "***"


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
        without_secrets,
    ]
    ending = _rendering(out)
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(ours),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, PatientStream(out))),
        cache_logger_on_first_use=False,
    )
    _send_library_logs(out, shared, ending, level=max(ours, logging.WARNING))


def level_for_prompts(level: str, *, stream: TextIO | None = None) -> str:
    """The level for a command that asks somebody: no line of routine comes between its questions.

    Where standard error is no terminal somebody keeps it, and everything that was asked for.

    Parameters
    ----------
    level : str
        Of the settings; `debug` is nobody's by chance, and stays.
    stream : TextIO, optional
        Instead of standard error.
    """
    out = stream or sys.stderr
    return "warning" if level == "info" and out.isatty() else level


class PatientStream:
    """Where lines go, also while its disk is full: nothing stops because a line cannot be kept.

    How many were lost stands in the log once it can be written again.

    Parameters
    ----------
    out : TextIO
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lost = 0

    def write(self, text: str) -> None:
        """Write, or let it be."""
        with suppress(OSError):
            self._out.write(text)

    def flush(self) -> None:
        """See to it that a line is kept; count it if it cannot be."""
        try:
            self._out.flush()
        except OSError:
            self._lost += 1
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            self.write(json.dumps({"event": "log_lines_lost", "level": "warning", "lines": lost}))
            self.write("\n")


def say(line: str) -> None:
    """One line for the person at the terminal, if there is one who can be told."""
    # Who keeps others alive must not end because nobody can be told of it.
    with suppress(OSError):
        click.echo(line, err=True)


def without_secrets(_logger: object, _method: str, line: EventDict) -> EventDict:
    """The line, with stars for whatever is called like a secret."""
    return {name: _shown(name, value) for name, value in line.items()}


def _shown(name: object, value: Any) -> Any:
    # A lease's token is a number that everybody may know.
    if isinstance(name, str) and _SECRET.search(name) and not isinstance(value, int):
        return _LEFT_OUT
    if isinstance(value, Mapping):
        return {inner: _shown(inner, each) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(None, each) for each in value]
    return value


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
