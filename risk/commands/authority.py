"""The authority asked over HTTP, for what makes trading tighter and cannot wait for a database."""

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
    try:
        response = httpx2.post(
            f"{settings.api_url}/api/v1/commands",
            content=msgspec.json.encode(body),
            headers={"Authorization": f"Bearer {_key(settings)}"}
            | {"Content-Type": "application/json"},
            timeout=PATIENCE,
            trust_env=False,  # no proxy stands between two programs of one machine
        )
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise NotHeard(f"does not answer at port {settings.api_port}") from error
    except httpx2.HTTPError as error:
        raise NotHeard("did not finish its answer in time", unsure=True) from error
    if response.status_code != _OK:
        raise _refusal(response)
    answer = _decoded(response.content)
    if answer is None or answer.scope != scope:
        raise NotHeard(f"does not answer: another program does at port {settings.api_port}")
    return answer


def _key(settings: Settings) -> str:
    try:
        key = read_service_key(settings.home)
    except SettingInvalid as error:
        raise NotHeard(f"cannot be asked: {error}") from error
    if key is None:
        raise NotHeard(f"cannot be asked: there is no key {settings.home / SERVICE_KEY_FILE}")
    return key


def _decoded(content: bytes) -> CommandAnswer | None:
    try:
        return msgspec.json.decode(content, type=CommandAnswer)
    except msgspec.MsgspecError:
        return None


def _refusal(response: httpx2.Response) -> NotHeard:
    status = response.status_code
    try:
        said = msgspec.json.decode(response.content, type=Problem).message
    except msgspec.MsgspecError:
        said = response.reason_phrase
    unsure = status >= _SERVER_ERROR and status != _UNAVAILABLE
    return NotHeard(f"answers {status}: {said}", unsure=unsure)
