"""Answers that take too long for whoever asks: worked out once, beside the requests.

A screen asks at every cycle and shows what is there. What failed is told with its reason, and
tried again when the question is put with a later epoch.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from risk.errors import SeawallError

Answer = TypeVar("Answer")

_LOG = structlog.get_logger(__name__)
_REMEMBERED = 32
#: So long an asker waits: less than what people notice as a delay.
_PATIENCE_SECONDS = 0.15


@dataclass(frozen=True)
class Awaited(Generic[Answer]):
    """An answer, or why there is none.

    Attributes
    ----------
    value : Answer or None
        None until it is there.
    problem : str or None
        Why it could not be worked out; a plain sentence without its full stop.
    """

    value: Answer | None = None
    problem: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it is still being worked out."""
        return self.value is None and self.problem is None


class Later:
    """Questions that one thread works on, one after the other."""

    def __init__(self) -> None:
        # Its thread starts with the first question, after the server has forked its workers.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="later")
        self._asked: OrderedDict[Hashable, tuple[int, Future[Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, key: Hashable, work: Callable[[], Answer], *, epoch: int = 0) -> Awaited[Answer]:
        """What is known of the answer by now; the first to ask sets the work going.

        Parameters
        ----------
        key : hashable
            Names the question, and how new the answer must be.
        work : callable
            Must not return None.
        epoch : int
            Work that failed is done again once this has grown.
        """
        answer = self._begun(key, work, epoch)
        wait([answer], timeout=_PATIENCE_SECONDS)
        if not answer.done():
            return Awaited()
        failure = answer.exception()
        return Awaited(answer.result()) if failure is None else Awaited(problem=_told(failure))

    def ask_anew(self, key: Hashable, work: Callable[[], Answer], *, epoch: int) -> Awaited[Answer]:
        """An answer that is worked out again in each epoch; meanwhile, that of the last one.

        Parameters
        ----------
        key : hashable
            Names the question.
        work : callable
            Must not return None; its answer says of which moment it is.
        epoch : int
        """
        newest = self.ask((key, epoch), work, epoch=epoch)
        if not newest.is_pending:
            return newest
        with self._lock:
            _, before = self._asked.get((key, epoch - 1), (epoch, None))
        if before is None or not before.done() or before.exception() is not None:
            return newest
        return Awaited(before.result())

    def _begun(self, key: Hashable, work: Callable[[], Answer], epoch: int) -> Future[Answer]:
        with self._lock:
            begun, answer = self._asked.get(key, (epoch, None))
            if answer is None or (begun < epoch and _has_failed(answer)):
                begun, answer = epoch, self._worker.submit(_logged, work)
            self._asked[key] = begun, answer
            self._asked.move_to_end(key)
            while len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            return answer


def _logged(work: Callable[[], Answer]) -> Answer:
    """The answer; what nobody foresaw is written down where it can be looked for."""
    try:
        return work()
    except SeawallError:
        raise
    except Exception:
        _LOG.exception("work_beside_failed")
        raise


def _has_failed(answer: "Future[Any]") -> bool:
    return answer.done() and answer.exception() is not None


def _told(failure: BaseException) -> str:
    if isinstance(failure, SeawallError):
        return str(failure)
    return f"an unforeseen {type(failure).__name__}, which the log of the web server explains"
