"""What the address of the page Changes may say."""

from pages.paths import CHANGES_PATH
from pages.query import Word
from risk.domain.proposals import ProposalStatus

PATH = CHANGES_PATH
#: The screen, and what moves of it.
SCREEN = "proposals"
PROPOSALS_VIEW = f"{SCREEN}-view"
ALL = "all"
#: One proposal that is told with its chart.
PROPOSAL = Word("proposal", "", "proposal")
STATUS = Word(
    "status",
    ALL,
    "status",
    {
        ALL: "All",
        **{
            status.value: status.value.capitalize()
            for status in ProposalStatus
            if status is not ProposalStatus.OPEN
        },
    },
)
FIND = Word("find", "", "text")
WORDS = (PROPOSAL, STATUS, FIND)
