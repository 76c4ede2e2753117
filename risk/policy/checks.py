"""What every entry of a policy is held to, whatever it is about; the first fault is told."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import get_type_hints

from risk.domain.limits import Parameter
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.errors import PolicyInvalid

#: The least of what must be above zero: less is a typing error, and could not be reckoned with.
SMALLEST = 1e-9
#: The most that a threshold may be, in any unit: more could not be multiplied.
LARGEST_THRESHOLD = 1e18

_SAID: Mapping[object, str] = {
    float: "a number",
    str: "text",
    tuple[str, ...]: "a list of texts",
}


def refuse_odd_text(entry: str, what: str, text: str, *, may_be_empty: bool = False) -> None:
    """Refuse text that could fool a reader, or says nothing.

    Raises
    ------
    PolicyInvalid
    """
    if not text.isprintable():
        raise PolicyInvalid(entry, f"has a {what} that is not printable text in one line")
    if not may_be_empty and not text.strip():
        raise PolicyInvalid(entry, f"needs a {what}")


def refuse_outside(
    entry: str, name: str, value: float, *, least: float = 0.0, most: float = math.inf
) -> None:
    """Refuse a number that is not finite or lies outside [`least`, `most`].

    Raises
    ------
    PolicyInvalid
    """
    if math.isfinite(value) and least <= value <= most:
        return
    span = f"{least:g} or more" if most == math.inf else f"between {least:g} and {most:g}"
    raise PolicyInvalid(entry, f"has {name} {value:g}, which must be {span}")


def refuse_not_above_zero(entry: str, name: str, value: float, *, most: float = math.inf) -> None:
    """Refuse a number that is not finite, not above zero, or above `most`.

    Raises
    ------
    PolicyInvalid
    """
    refuse_outside(entry, name, value, most=most)
    if value < SMALLEST:
        raise PolicyInvalid(
            entry, f"has {name} {value:g}, which must be above 0: {SMALLEST:g} at the least"
        )


def refuse_settings(
    entry: str,
    parameters: Mapping[str, Parameter],
    kind: type,
    own: Sequence[str],
    refuse_number: Callable[[str, str, float], None],
) -> None:
    """Refuse what making a limit or breaker cannot tell: a wrong type, a number that is none.

    Parameters
    ----------
    entry : str
    parameters : mapping of str to Parameter
    kind : type
        Whose settings they are to be.
    own : sequence of str
        Names of the settings that the kind has.
    refuse_number : callable
        Refuses a number of an entry, by name, that is out of its range.

    Raises
    ------
    PolicyInvalid
    """
    hints = get_type_hints(kind)
    for name in own:
        if name not in parameters:
            continue
        value, wanted = parameters[name], hints[name]
        if wanted is float and isinstance(value, float):
            refuse_number(entry, name, value)
        elif wanted is str and isinstance(value, str):
            refuse_odd_text(entry, name, value, may_be_empty=True)
        elif not (wanted == tuple[str, ...] and _are_texts(value)):
            raise PolicyInvalid(entry, f"has {name} {value!r}, which must be {_SAID[wanted]}")


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(each, str) and each.isprintable() for each in value
    )


def refuse_unknown_scope(entry: str, scope: Scope, policy: Policy, portfolio: str) -> None:
    """Refuse what is set on something that the policy lacks.

    Raises
    ------
    PolicyInvalid
    """
    kind, name = scope
    known: dict[ScopeKind, tuple[str, Collection[str]]] = {
        ScopeKind.PORTFOLIO: ("portfolio", (portfolio,)),
        ScopeKind.ASSET: ("asset", policy.instruments),
        ScopeKind.STRATEGY: ("strategy", policy.strategies),
        ScopeKind.STRATEGY_TYPE: ("strategy type", policy.strategies.values()),
    }
    if kind is ScopeKind.VENUE:  # the account knows which there are, the policy does not
        refuse_odd_text(entry, "venue", name)
        return
    word, names = known[kind]
    if name not in names:
        raise PolicyInvalid(
            entry, f"is set on {word} {name}, which the policy lacks; {there_are(names)}"
        )


def there_are(names: Collection[str]) -> str:
    """Which there are, as the end of a sentence."""
    return f"there are {', '.join(sorted(set(names)))}" if names else "there are none"


def refuse_twice(names: Sequence[str], problem: str) -> None:
    """Refuse a name that stands among `names` twice.

    Raises
    ------
    PolicyInvalid
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PolicyInvalid(name, problem)
        seen.add(name)
