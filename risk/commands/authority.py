"""The authority asked over HTTP, for what makes trading tighter and cannot wait for a database."""

from datetime import datetime
from typing import TypeVar

import httpx2
import msgspec

from risk.auth.service_key import read_service_key
from risk.config import Settings
from risk.domain.keys import SERVICE_KEY_FILE
from risk.domain.messages import CommandAnswer, CommandBody, Problem
from risk.errors import SettingInvalid

#: Seconds: whoever halts waits for no engine that hangs.
PATIENCE = httpx2.Timeout(3.0, connect=1.0)

_OK, _UNAVAILABLE, _SERVER_ERROR = 200, 503, 500
#: Of what `GET /api/v1/breakers` tells, the word for a latch.
_BY_A_PERSON = "person"

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


class _Holds(msgspec.Struct):
    holds: list[Held]


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


def command(settings: Settings, body: CommandBody, *, scope: str) -> CommandAnswer:
    """Ask the authority of this machine to make trading tighter at once.

    Parameters
    ----------
    settings : Settings
    body : CommandBody
    scope : str
        As the answer must name it: else something else answers at that port.

    Raises
    ------
    NotHeard
        If it does not answer, or refuses.
    """
    answer = _asked(settings, "POST", "commands", CommandAnswer, msgspec.json.encode(body))
    if answer.scope != scope:
        raise _another_program(settings)
    return answer


def held(settings: Settings, portfolio: str) -> list[Held]:
    """What people and programs have stopped, as the authority of this machine holds it in memory.

    Parameters
    ----------
    settings : Settings
    portfolio : str
        Whose authority it must be.

    Raises
    ------
    NotHeard
        If it does not answer, refuses, or is over another portfolio.
    """
    whose = _asked(settings, "GET", "status", _Whose).portfolio
    if whose != portfolio:
        raise NotHeard(f"at port {settings.api_port} is over another portfolio, {whose}")
    found = _asked(settings, "GET", "breakers", _Holds).holds
    return [each for each in found if each.source == _BY_A_PERSON]


def _asked(
    settings: Settings, method: str, resource: str, kind: type[Message], body: bytes | None = None
) -> Message:
    json = {} if body is None else {"Content-Type": "application/json"}
    try:
        response = httpx2.request(
            method,
            f"{settings.api_url}/api/v1/{resource}",
            content=body,
            headers={"Authorization": f"Bearer {_key(settings)}"} | json,
            timeout=PATIENCE,
            trust_env=False,  # no proxy stands between two programs of one machine
        )
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise NotHeard(f"does not answer at port {settings.api_port}") from error
    except httpx2.HTTPError as error:
        raise NotHeard("did not finish its answer in time", unsure=True) from error
    if response.status_code != _OK:
        raise _refusal(response)
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.MsgspecError as error:
        raise _another_program(settings) from error


def _another_program(settings: Settings) -> NotHeard:
    return NotHeard(f"does not answer: another program does at port {settings.api_port}")


def _key(settings: Settings) -> str:
    try:
        key = read_service_key(settings.home)
    except SettingInvalid as error:
        raise NotHeard(f"cannot be asked: {error}") from error
    if key is None:
        raise NotHeard(f"cannot be asked: there is no key {settings.home / SERVICE_KEY_FILE}")
    return key


def _refusal(response: httpx2.Response) -> NotHeard:
    status = response.status_code
    try:
        said = msgspec.json.decode(response.content, type=Problem).message
    except msgspec.MsgspecError:
        said = response.reason_phrase
    unsure = status >= _SERVER_ERROR and status != _UNAVAILABLE
    return NotHeard(f"answers {status}: {said}", unsure=unsure)
