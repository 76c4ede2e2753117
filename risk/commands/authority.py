"""The authority of this machine, as commands ask it."""

from risk.auth.service_key import require_service_key
from risk.config import Settings
from risk.domain.messages import CommandAnswer, CommandBody
from risk.engine.line import Held, Line, NotHeard

__all__ = ["Held", "NotHeard", "command", "held", "line"]


def command(settings: Settings, body: CommandBody, *, scope: str) -> CommandAnswer:
    """Ask the authority to make trading tighter at once: see `Line.command`."""
    return line(settings).command(body, scope=scope)


def held(settings: Settings, portfolio: str) -> list[Held]:
    """What people and programs have stopped, as it holds it in memory: see `Line.held`."""
    return line(settings).held(portfolio)


def line(settings: Settings) -> Line:
    """The line to the authority of the settings."""
    return Line(settings.api_url, lambda: require_service_key(settings.home))
