"""Everything that Seawall raises on purpose.

.. code-block:: text

    SeawallError
    ├── InsufficientData        a measure needs more history than there is
    ├── NotIdentified           observations enough, and yet they do not tell
    ├── InvalidInput            a value from outside that cannot be accepted
    │   ├── SettingInvalid      a setting, named by its key
    │   ├── PriceFileInvalid    a price file that cannot be read at all
    │   ├── BookFileInvalid     a file of positions, equity or flows that cannot be read
    │   ├── PolicyInvalid       a policy of limits, with the entry that is wrong
    │   ├── EventInvalid        bytes that are not one of our events
    │   ├── Conflict            somebody else was quicker: look again
    │   ├── OrderUnknown        no order of that id was let through
    │   ├── FillRefused         a trade that cannot be one of the order's
    │   ├── LeaseUnknown        no slice of room of that id was ever asked for
    │   ├── LeaseSettled        a slice that was settled with another list of orders
    │   ├── ListRefused         orders that cannot have been made of their slice
    │   └── ReductionUnknown    no request to make a position smaller has that id
    ├── NotAllowed              whoever asks may not; says who can
    │   └── ProofNeeded         he may, once he has proved again who he is
    ├── LoginRefused            nobody was signed in; says no more than that
    │   └── ProviderSilent      the single sign-on provider cannot be asked now
    ├── ExtraMissing            a part whose package is installed on demand only
    ├── UnknownPortfolio        no portfolio of that name
    ├── FeedUnavailable         the market or the account cannot be read now
    ├── ChannelFailed           a notice could not be delivered, for now
    ├── CheckpointFailed        a checkpoint of the journal could not be signed or kept, for now
    ├── GateClosed              no authority answers here, or not yet
    └── StoreError
        ├── StoreUnavailable    the database cannot be reached or does not answer in time
        │   └── BrakedInstead   what was to tighten could not be written: its scope is stopped
        ├── SchemaMismatch      the database is older or newer than this program
        ├── StateUnreadable     what another program stored is not understood by this one
        ├── LeaseLost           another authority owns the portfolio; what we wrote was refused
        └── JournalBroken       the journal's hash chain does not hold

A rejection of an order or a breached limit is a value, never an exception: an
exception means that we could not answer.
"""


class SeawallError(Exception):
    """Base of all errors raised on purpose; its text is fit for a user to read."""


class InsufficientData(SeawallError):
    """A measure needs more observations than it was given.

    Parameters
    ----------
    measure : str
        What could not be measured.
    needed, got : int
        Observations.
    """

    def __init__(self, measure: str, *, needed: int, got: int) -> None:
        super().__init__(f"{measure} needs {needed} or more observations, got {got}")
        self.measure = measure
        self.needed = needed
        self.got = got


class NotIdentified(SeawallError):
    """Observations are enough in number and yet do not tell what was asked of them.

    Parameters
    ----------
    measure : str
        What could not be measured.
    reason : str
        What the observations lack, as the rest of the sentence.
    """

    def __init__(self, measure: str, reason: str) -> None:
        super().__init__(f"{measure} cannot be told: {reason}")
        self.measure = measure


class InvalidInput(SeawallError):
    """A value from outside that cannot be accepted."""


class SettingInvalid(InvalidInput):
    """A setting has a value that cannot be used.

    Parameters
    ----------
    key : str
        The setting's name as the user wrote it, e.g. ``SEAWALL_WEB_PORT``.
    problem : str
        What is wrong, as the rest of a sentence.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key} {problem}")
        self.key = key


class PriceFileInvalid(InvalidInput):
    """A price file that cannot be read at all; the text names file and reason."""


class BookFileInvalid(InvalidInput):
    """A file of positions, equity or flows that cannot be read; names the line."""


class PolicyInvalid(InvalidInput):
    """A policy of limits cannot be accepted.

    Parameters
    ----------
    entry : str
        The name of the limit, or of the part of the policy.
    problem : str
        What is wrong, as the rest of a sentence that begins with the entry.
    """

    def __init__(self, entry: str, problem: str) -> None:
        super().__init__(f"policy: {entry} {problem}")
        self.entry = entry
        self.problem = problem


class PartAboveWhole(PolicyInvalid):
    """A limit allows a part of a book more than another one allows the whole.

    Parameters
    ----------
    part, whole : str
        Names of both limits.
    allows, most : float
        What the part's allows, and what the whole's does.
    """

    def __init__(self, part: str, allows: float, whole: str, most: float) -> None:
        super().__init__(
            part, f"allows {allows:g} where {whole}, of which it is a part, allows {most:g}"
        )
        self.allows = allows
        self.whole = whole
        self.most = most


class EventInvalid(InvalidInput):
    """Bytes that are not one of our events."""


class Conflict(InvalidInput):
    """What was seen is not so any more, since somebody else was quicker; the text says who."""


class OrderUnknown(InvalidInput):
    """No order of that id was let through.

    Parameters
    ----------
    client_order_id : str
    """

    def __init__(self, client_order_id: str) -> None:
        super().__init__(f"no order {client_order_id!r} was let through here")
        self.client_order_id = client_order_id


class FillRefused(InvalidInput):
    """A trade that cannot be one of the order's; the text says why, one sentence.

    Parameters
    ----------
    reason : str
    conflict : bool
        Whether it contradicts what is booked already, rather than being wrong in itself.
    """

    def __init__(self, reason: str, *, conflict: bool = False) -> None:
        super().__init__(reason)
        self.conflict = conflict


class LeaseUnknown(InvalidInput):
    """No slice of room of that id was ever asked for.

    Parameters
    ----------
    lease_id : str
    """

    def __init__(self, lease_id: str) -> None:
        super().__init__(f"no slice of room {lease_id!r} was asked for here")


class LeaseSettled(InvalidInput):
    """A slice of room was settled before, with another list of orders.

    Parameters
    ----------
    lease_id : str
    """

    def __init__(self, lease_id: str) -> None:
        super().__init__(f"the slice {lease_id!r} was settled before, with other orders")


class ListRefused(InvalidInput):
    """A list of orders that cannot have been made of their slice of room.

    Parameters
    ----------
    reason : str
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}: nothing of the list was taken")


class ReductionUnknown(InvalidInput):
    """No open request to make a position smaller has that id.

    Parameters
    ----------
    reduction_id : str
    """

    def __init__(self, reduction_id: str) -> None:
        super().__init__(f"no request {reduction_id!r} to make a position smaller is open")
        self.reduction_id = reduction_id


class NotAllowed(SeawallError):
    """Whoever asks may not do that.

    Parameters
    ----------
    why : str
        Why not, and who can, as the rest of a sentence that begins with *Refused:*.
    ability : str
        What he lacks.
    """

    def __init__(self, why: str, *, ability: str) -> None:
        super().__init__(why)
        self.ability = ability


class ProofNeeded(NotAllowed):
    """He may, once he has proved again who he is."""


class LoginRefused(SeawallError):
    """Nobody was signed in. The text is the same whether the name exists or not.

    Parameters
    ----------
    text : str
    retry_after : float or None
        Seconds after which it may be tried again, where one must wait; the text does not say them.
    """

    def __init__(self, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ProviderSilent(LoginRefused):
    """The single sign-on provider does not answer, or says that it cannot now: nobody's fault."""


class ExtraMissing(SeawallError):
    """A part needs a package that is installed on demand; says how to get it.

    Parameters
    ----------
    part : str
        What cannot be done without it.
    package, extra : str
        What is missing, and the extra of Seawall that installs it.
    """

    def __init__(self, part: str, *, package: str, extra: str) -> None:
        super().__init__(
            f"{part} needs the package {package}; install it with: pip install 'seawall[{extra}]'"
        )
        self.extra = extra


class UnknownPortfolio(SeawallError):
    """No portfolio of that name exists."""


class FeedUnavailable(SeawallError):
    """The market or the account cannot be read now."""


class ChannelFailed(SeawallError):
    """A notice could not be delivered through a channel, for now; the text holds no secret."""


class CheckpointFailed(SeawallError):
    """A checkpoint of the journal could not be signed or kept, for now; the journal goes on."""


class GateClosed(SeawallError):
    """No authority answers here: it stands by, or has not begun yet."""


class StoreError(SeawallError):
    """Something about the database."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or does not answer in time."""


class BrakedInstead(StoreUnavailable):
    """What was to tighten could not be written down, so that its scope was stopped by the brake.

    The text says what is stopped, and that what was asked is not done.
    """


class SchemaMismatch(StoreError):
    """The database's schema is older or newer than this program expects."""


class StateUnreadable(StoreError):
    """What another version of this program stored is not understood; says what to do.

    Parameters
    ----------
    what : str
        Such as ``RiskState``.
    reason : str
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(
            f"a stored {what} cannot be read: {reason}. Run the version of Seawall that wrote "
            "it, or begin anew with another SEAWALL_HOME or database"
        )
        self._told = (what, reason)

    def __reduce__(self) -> tuple[type["StateUnreadable"], tuple[str, str]]:
        # It also travels from the process that writes, which pickles by what stands in `args`.
        return type(self), self._told


class LeaseLost(StoreError):
    """Another authority holds the portfolio; what this one tried to write was refused."""


class JournalBroken(StoreError):
    """The journal's hash chain does not hold; the text names the first bad entry."""
