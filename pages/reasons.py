"""What a reason lacks that somebody types, by one rule wherever one is asked for."""

from risk.domain.asking import LONGEST_REASON, checked_reason
from risk.errors import InvalidInput


def typed_line(text: str | None) -> str:
    """What somebody typed as it is kept: without line breaks, and without blanks around it."""
    return " ".join((text or "").split())


def reason_fault(text: str | None) -> str:
    """What a reason lacks, a sentence without its full stop; empty once it is one."""
    reason = typed_line(text)
    if not reason:
        return "Write a reason"
    if len(reason) > LONGEST_REASON:
        return f"A reason has {LONGEST_REASON} letters at most, this one {len(reason)}"
    try:
        checked_reason(reason)
    except InvalidInput:
        return "A reason is made of printable letters"
    return ""
