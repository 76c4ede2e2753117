"""Where somebody is sent after he signed in or chose a persona: to a page of ours only."""

import re

#: One slash and then no other, nor what browsers take for one; nothing that breaks a header.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")
_HOME = "/"
_LONGEST = 2_000


def local_path(wanted: str | None) -> str:
    """`wanted` if it is a path on this server, else the first page."""
    if wanted is None or len(wanted) > _LONGEST or not _LOCAL.fullmatch(wanted):
        return _HOME
    return wanted
