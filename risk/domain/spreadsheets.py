"""What is saved for spreadsheets: no text that one would run as a formula."""

#: How a text begins that would be run.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: str) -> str:
    """A text as it may stand in a file that somebody opens in a spreadsheet."""
    return f"'{value}" if value.startswith(_FORMULA) else value
