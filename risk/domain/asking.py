"""Who asks and why: texts that are kept for ever, and fit to be read."""

import re

from risk.errors import InvalidInput

#: Longer ones name nobody.
LONGEST_NAME = 200
#: Longer ones are read by nobody.
LONGEST_REASON = 500
#: How a letter is shown that would not be seen, or would move what stands around it.
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

_BOOK = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


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


def can_name_a_book(name: str) -> bool:
    """Whether a book can have that name: 64 lower-case letters, digits, ``-`` and ``_`` at most."""
    return _BOOK.fullmatch(name) is not None


def one_line(text: str, longest: int | None = LONGEST_NAME) -> str:
    r"""What somebody else made up, fit to be read: one printable line, cut where it is too long.

    Parameters
    ----------
    text : str
    longest : int, optional
        None leaves it as long as it is.

    Examples
    --------
    >>> one_line("resume\nall of it", 10) == "resume\N{REPLACEMENT CHARACTER}al…"
    True
    """
    if longest is not None and len(text) > longest:
        text = f"{text[: longest - 1]}…"
    return "".join(letter if letter.isprintable() else UNPRINTABLE for letter in text)


def _fits(text: str, longest: int) -> bool:
    return 0 < len(text.strip()) <= longest and text.isprintable()
