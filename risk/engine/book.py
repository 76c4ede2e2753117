"""The ledger as it is now: whatever enters it takes the next number here, and nowhere else."""

from collections import OrderedDict
from collections.abc import Iterable

from risk.domain.journalling import Booked
from risk.domain.ledger import Entry, Fill, Flow, Ledger
from risk.domain.orders import Reservation

#: Fills and flows by which an account is recognised that tells the same twice.
_REMEMBERED = 100_000

_Identity = tuple[str, ...]


class Book:
    """A ledger that moves on. Not safe for two threads at once: its owner holds a lock.

    Parameters
    ----------
    ledger : Ledger
        Everything booked so far.
    untold : iterable of Fill and Flow
        Those of it that no cycle has told of.

    Attributes
    ----------
    ledger : Ledger
    """

    def __init__(self, ledger: Ledger, untold: Iterable[Fill | Flow] = ()) -> None:
        self.ledger = ledger
        self._untold: list[tuple[int, Fill | Flow]] = []
        self._heard: OrderedDict[_Identity, None] = OrderedDict()
        for entry in untold:
            self._note(ledger.seq, entry)

    def add(self, entry: Entry) -> Booked:
        """Book an entry; its number is the ledger's from then on."""
        self.ledger = self.ledger.after(entry)
        if not isinstance(entry, Reservation):
            self._note(self.ledger.seq, entry)
        return Booked(self.ledger.seq, entry)

    def has_heard(self, entry: Fill | Flow) -> bool:
        """Whether the very same was booked lately."""
        return _identity(entry) in self._heard

    @property
    def untold(self) -> tuple[tuple[Fill, ...], tuple[Flow, ...]]:
        """Fills and flows of which no cycle has told yet, in the order in which they came."""
        entries = [entry for _, entry in self._untold]
        return (
            tuple(entry for entry in entries if isinstance(entry, Fill)),
            tuple(entry for entry in entries if isinstance(entry, Flow)),
        )

    def told(self, seq: int) -> None:
        """A cycle has told of everything up to entry number `seq`."""
        self._untold = [(number, entry) for number, entry in self._untold if number > seq]

    def _note(self, seq: int, entry: Fill | Flow) -> None:
        self._untold.append((seq, entry))
        self._heard[_identity(entry)] = None
        if len(self._heard) > _REMEMBERED:
            self._heard.popitem(last=False)


def _identity(entry: Fill | Flow) -> _Identity:
    # A fill's id is unique at its venue only.
    return ("fill", entry.venue, entry.id) if isinstance(entry, Fill) else ("flow", entry.id)
