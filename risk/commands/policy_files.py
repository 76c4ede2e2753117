"""A policy's file, as commands are given one."""

from pathlib import Path

from risk.domain.policy import Policy
from risk.errors import InvalidInput
from risk.limits.policy_file import read_policy


def read_policy_file(file: Path, portfolio: str) -> Policy:
    """The policy in `file`, as one of `portfolio`.

    Raises
    ------
    InvalidInput
        If the file cannot be read, or is no sound policy.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not text in UTF-8") from error
    return read_policy(text, portfolio=portfolio)
