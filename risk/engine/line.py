"""The line to the authority of this machine, for what cannot wait for a database.

It only ever tightens, or tells what is held: what loosens goes through the store.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from risk.domain.changing import Braking
from risk.domain.messages import CommandAnswer, CommandBody, Problem
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.errors import GateClosed, InvalidInput, SettingInvalid

#: Seconds: whoever halts waits for no engine that hangs.
PATIENCE = httpx2.Timeout(3.0, connect=1.0)

_OK, _UNAVAILABLE, _SERVER_ERROR = 200, 503, 500
#: Of what `GET /api/v1/breakers` tells, the word for a latch.
_BY_A_PERSON = "person"
_COMMANDS = {TradingState.HALTED: "halt", TradingState.REDUCE_ONLY: "reduce_only"}

Message = TypeVar("Message", bound=msgspec.Struct)


class Held(msgspec.Struct, kw_only=True, frozen=True):
    """A scope that the authority holds tighter now, whether that is written down or not.

    Attributes
    ----------
    scope, source, trading_state, cause : str
    since : datetime
    by : str or None
    """

    scope: str
    source: str
    trading_state: str
    since: datetime
    cause: str
    by: str | None = None


class _Breaker(msgspec.Struct):
    name: str
    scope: str
    imposes: str


class _Holds(msgspec.Struct):
    holds: list[Held]
    breakers: list[_Breaker] = []


class _Whose(msgspec.Struct):
    portfolio: str


class NotHeard(Exception):
    """The authority did not do what it was asked.

    Parameters
    ----------
    why : str
        The rest of a sentence that begins with *the engine*.
    unsure : bool
        Whether it may have done it all the same, since only its answer is missing.
    """

    def __init__(self, why: str, *, unsure: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.unsure = unsure


class Line:
    """Asks the authority of this machine.

    Parameters
    ----------
    url : str
        Where it answers, such as ``http://127.0.0.1:8051``.
    key : callable
        Gives the key of this machine's own programs, or raises `SettingInvalid`.
    """

    def __init__(self, url: str, key: Callable[[], str]) -> None:
        self._url = url
        self._port = urlsplit(url).port
        self._key = key

    def command(self, body: CommandBody, *, scope: str) -> CommandAnswer:
        """Ask it to make trading tighter at once.

        Parameters
        ----------
        body : CommandBody
        scope : str
            As the answer must name it: else something else answers at that port.

        Raises
        ------
        NotHeard
            If it does not answer, or refuses.
        """
        answer = self._asked("POST", "commands", CommandAnswer, msgspec.json.encode(body))
        if answer.scope != scope:
            raise self._another_program()
        return answer

    def held(self, portfolio: str) -> list[Held]:
        """What people and programs have stopped, as it holds it in memory.

        Parameters
        ----------
        portfolio : str
            Whose authority it must be.

        Raises
        ------
        NotHeard
            If it does not answer, refuses, or is over another portfolio.
        """
        return [each for each in self._holds(portfolio).holds if each.source == _BY_A_PERSON]

    def _holds(self, portfolio: str) -> _Holds:
        whose = self._asked("GET", "status", _Whose).portfolio
        if whose != portfolio:
            raise NotHeard(f"at port {self._port} is over another portfolio, {whose}")
        return self._asked("GET", "breakers", _Holds)

    def breaker(self, portfolio: str, name: str) -> Braking:
        """What a breaker holds while it is tripped: see `risk.domain.changing.Brake`.

        Raises
        ------
        GateClosed
            If it does not answer, or is over another portfolio.
        InvalidInput
            If it knows no such breaker.
        """
        try:
            known = {each.name: each for each in self._holds(portfolio).breakers}
        except NotHeard as silence:
            raise GateClosed(f"the engine {silence.why}") from silence
        if name not in known:
            raise InvalidInput(f"there is no breaker called {name!r}")
        kind, _, of = known[name].scope.partition(":")
        return Braking(Scope(ScopeKind(kind), of), TradingState[known[name].imposes])

    def latch(
        self,
        portfolio: str,
        scope: Scope,
        state: TradingState,
        *,
        reason: str,
        who: str,
        latch_id: str,
    ) -> CommandAnswer:
        """Stop trading in a scope from the next order on: see `risk.domain.changing.Brake`.

        Raises
        ------
        GateClosed
            If it does not answer, or does not hold it.
        """
        body = CommandBody(
            command=_COMMANDS[state],
            portfolio=portfolio,
            reason=reason,
            scope=None if scope.kind is ScopeKind.PORTFOLIO else scope.label,
            who=who,
            id=latch_id,
        )
        try:
            return self.command(body, scope=scope.label)
        except NotHeard as silence:
            holds = "may hold it all the same" if silence.unsure else "does not hold it"
            raise GateClosed(f"the engine {silence.why}; it {holds}") from silence

    def _asked(
        self, method: str, resource: str, kind: type[Message], body: bytes | None = None
    ) -> Message:
        json = {} if body is None else {"Content-Type": "application/json"}
        try:
            response = httpx2.request(
                method,
                f"{self._url}/api/v1/{resource}",
                content=body,
                headers={"Authorization": f"Bearer {self._known_key()}"} | json,
                timeout=PATIENCE,
                trust_env=False,  # no proxy stands between two programs of one machine
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise NotHeard(f"does not answer at port {self._port}") from error
        except httpx2.HTTPError as error:
            raise NotHeard("did not finish its answer in time", unsure=True) from error
        if response.status_code != _OK:
            raise _refusal(response)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.MsgspecError as error:
            raise self._another_program() from error

    def _known_key(self) -> str:
        try:
            return self._key()
        except SettingInvalid as error:
            raise NotHeard(f"cannot be asked: {error}") from error

    def _another_program(self) -> NotHeard:
        return NotHeard(f"does not answer: another program does at port {self._port}")


def _refusal(response: httpx2.Response) -> NotHeard:
    status = response.status_code
    try:
        said = msgspec.json.decode(response.content, type=Problem).message
    except msgspec.MsgspecError:
        said = response.reason_phrase
    unsure = status >= _SERVER_ERROR and status != _UNAVAILABLE
    return NotHeard(f"answers {status}: {said}", unsure=unsure)
