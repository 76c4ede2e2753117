"""The only way in for what people change, from the web and from the command line.

Each action asks whether whoever asks may, takes a reason, names what was seen, and leaves an entry
in the journal, also where it was denied. Programs with keys come in by :mod:`risk.api` instead, and
can only tighten.
"""

from risk.engine.actions.actions import Actions

__all__ = ["Actions"]
