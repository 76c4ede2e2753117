"""How old something is, in the words of a sentence."""

from datetime import timedelta

_UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)
#: An age of fewer than two of a unit is told in the next smaller one.
_LEAST = 2.0


def age_in_words(age: timedelta) -> str:
    """An age as people say it, in the largest unit of which there are two or more.

    Parameters
    ----------
    age : timedelta
        A negative one counts as none.

    Examples
    --------
    >>> [age_in_words(timedelta(seconds=s)) for s in (0.4, 41, 150, 9_000, 800_000)]
    ['0 s', '41 s', '2 min', '2 h', '9 days']
    """
    age = max(age, timedelta(0))
    unit, word = next((u for u in _UNITS if age >= _LEAST * u[0]), _UNITS[-1])
    return f"{age // unit} {word}s" if word == "day" else f"{age // unit} {word}"
