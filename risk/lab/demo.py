"""The demo's own policy: a file such as anybody would write for a book of their own."""

from importlib.resources import files

from risk.domain.policy import Policy
from risk.policy.file import read_policy

#: Who adopts it.
THE_DEMO = "the demo"
_FILE = "demo_policy.toml"


def demo_policy(portfolio: str) -> Policy:
    """What may be done with the book that the demo strategies trade.

    Parameters
    ----------
    portfolio : str
        Whose it is to be.
    """
    return read_policy(demo_policy_text(), portfolio=portfolio)


def demo_policy_text() -> str:
    """The file as it stands."""
    return files("risk.lab").joinpath(_FILE).read_text(encoding="utf-8")
