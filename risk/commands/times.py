"""Times as people type them."""

from datetime import UTC, datetime

from risk.errors import InvalidInput


def time_of(text: str, option: str) -> datetime:
    """The time, UTC, that somebody typed; without a zone it is UTC.

    Parameters
    ----------
    text : str
    option : str
        Where he typed it, for the refusal.

    Raises
    ------
    InvalidInput
        If it is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # in UTC it may lie outside the calendar
        raise InvalidInput(
            f"{option} {text!r} is no time; write it like 2027-01-31T12:00"
        ) from error
