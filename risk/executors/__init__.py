"""Who acts when positions are to be made smaller. An executor is a file here and a line below."""

from collections.abc import Callable

from risk.domain.ports import Executor
from risk.executors.advise import AdvisingExecutor
from risk.executors.paper import PaperExecutor

EXECUTORS: dict[str, Callable[[], Executor]] = {
    "advise": AdvisingExecutor,
    "paper": PaperExecutor,
}
