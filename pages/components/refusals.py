"""What somebody is told who may not do what he asked for: why not, and who can."""

from typing import Any

from pages.components.toasts import toast
from pages.format import sentence
from risk.errors import NotAllowed

_READ_WITHIN_MS = 20_000


def refusal_toast(refused: NotAllowed, *, demo: bool) -> dict[str, Any]:
    """A message for `sendNotifications`; in a demonstration it says how to be somebody else."""
    how = " To be somebody else, choose whom to enter as in the menu at the top right."
    text = f"{sentence(str(refused))}.{how if demo else ''}"
    told = toast("caution", "Refused", text, key=f"refused-{text}")
    return {**told, "autoClose": _READ_WITHIN_MS}
