"""Who asks and why: texts that are kept for ever, and fit to be read."""

from risk.errors import InvalidInput

#: Longer ones name nobody.
LONGEST_NAME = 200
#: Longer ones are read by nobody.
LONGEST_REASON = 500


def checked_name(who: str) -> str:
    """The name of whoever asks, without blanks around it.

    Raises
    ------
    InvalidInput
        If it names nobody, or could fool a reader.
    """
    if not _fits(who, LONGEST_NAME):
        raise InvalidInput(f"who asks must have a name of {LONGEST_NAME} printable letters at most")
    return who.strip()


def checked_reason(reason: str) -> str:
    """The reason of whoever asks, without blanks around it.

    Raises
    ------
    InvalidInput
        If it says nothing, or could fool a reader.
    """
    if not _fits(reason, LONGEST_REASON):
        raise InvalidInput(f"a reason is one line of {LONGEST_REASON} printable letters at most")
    return reason.strip()


def checked_id(identity: str) -> str:
    """What makes something that is asked unique.

    Raises
    ------
    InvalidInput
        If it identifies nothing.
    """
    if not _fits(identity, LONGEST_NAME):
        raise InvalidInput(f"an id has {LONGEST_NAME} printable letters at most")
    return identity


def _fits(text: str, longest: int) -> bool:
    return 0 < len(text.strip()) <= longest and text.isprintable()
