"""A policy's file, as commands are given one."""

from pathlib import Path

from risk.domain.policy import Policy
from risk.errors import InvalidInput
from risk.policy.file import read_policy

#: Bytes. Thousands of limits: every cycle measures each of them.
LARGEST_FILE = 1_000_000


def read_policy_file(file: Path, portfolio: str) -> Policy:
    """The policy in `file`, as one of `portfolio`.

    Raises
    ------
    InvalidInput
        If the file cannot be read, or is no sound policy.
    """
    try:
        with file.open("rb") as opened:
            found = opened.read(LARGEST_FILE + 1)
        if len(found) > LARGEST_FILE:
            raise InvalidInput(f"{file} is larger than any policy: {LARGEST_FILE:,} bytes at most")
        text = found.decode("utf-8-sig")  # some editors begin a file with a mark
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not text in UTF-8") from error
    return read_policy(text, portfolio=portfolio)
