"""Keys of programs: who may ask the authority for what, over HTTP."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KeyAbility(StrEnum):
    """Something that a key may be allowed to do."""

    VALIDATE = "validate"
    """Ask about orders and signals, report fills and dead orders, acknowledge reductions."""
    EMERGENCY = "emergency"
    """Claim that an order is an emergency, so that a proven reduction passes a halt."""
    COMMAND = "command"
    """Make trading tighter at once."""
    SPEAK_FOR = "speak_for"
    """Say on whose behalf a command is given, as the pages and the command line do."""
    READ = "read"
    """Read the book: its state, positions, limits, events and metrics."""


#: Within ``SEAWALL_HOME``: the key of a machine's own programs.
SERVICE_KEY_FILE = "service.key"
#: Whose key it is that a machine's own programs use.
SERVICE = "service"
#: What a key may do where nobody said more.
USUAL_ABILITIES = frozenset({KeyAbility.VALIDATE, KeyAbility.READ})


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """A key, without its secret.

    Attributes
    ----------
    id : str
        Public: names it in lists, in the journal and to revoke it.
    name : str
        Whose it is, as its maker wrote it.
    hash : bytes
        SHA-256 of the secret.
    portfolios : frozenset of str
    strategies : frozenset of str or None
        It knows only of these; None for all.
    abilities : frozenset of KeyAbility
    created : datetime
        UTC.
    revoked : datetime or None
        When it ceased to open anything. UTC.
    """

    id: str
    name: str
    hash: bytes
    portfolios: frozenset[str]
    strategies: frozenset[str] | None
    abilities: frozenset[KeyAbility]
    created: datetime
    revoked: datetime | None = None

    @property
    def sender(self) -> str:
        """As it is named in the journal."""
        return f"{self.name} (key {self.id})"

    def sees(self, strategy: str) -> bool:
        """Whether it may ask for, and be told of, a strategy."""
        return self.strategies is None or strategy in self.strategies
