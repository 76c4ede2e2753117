"""Single sign-on by OpenID Connect: the authorization code flow, with PKCE.

Whom the provider vouches for is its subject alone; roles, mail addresses and names of its claims
are not looked at. Every doubt is a refusal in words: see docs/single-sign-on.md.
"""

import hmac
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import requests
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from risk.domain.hosts import is_this_machine
from risk.domain.single_sign_on import Attempt, Purpose, Vouched, subject_of
from risk.errors import LoginRefused, ProviderSilent

_LOG = structlog.get_logger(__name__)

#: Seconds to connect, and for an answer: a person waits in front of an empty page.
TIMEOUT = (3.05, 8.0)
#: By a key of the provider's alone. `none` is no signature; of HS256 the secret would be the key.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
#: So many may wait for the provider at once: one that hangs must not take all threads of the web.
TURNS = 3
#: Seconds to wait for one's turn.
TURN_PATIENCE = 0.25
#: So far may the provider's clock be from ours.
LEEWAY = timedelta(seconds=30)
#: What the provider says of itself, and its keys, are asked for again after so long.
KEPT_FOR = timedelta(hours=1)
#: A key that nobody knows is asked for at most so often.
KEYS_AGAIN = timedelta(seconds=30)

_OK = 200
_DISCOVERY = "/.well-known/openid-configuration"
_SCOPE = "openid"
_LONGEST_SUBJECT = 255
_SHORTEST_RSA_KEY = 2_048
#: What the provider's answer may be called where it refuses; anything else may be anybody's words.
_REFUSALS = {
    "access_denied": "you were not let in there",
    "login_required": "you did not sign in there",
    "interaction_required": "you did not finish there",
    "temporarily_unavailable": "it cannot answer now",
    "server_error": "something is wrong there",
}
#: What of it is no refusal, but that it cannot be asked now.
_NOT_NOW = frozenset({"temporarily_unavailable", "server_error"})
_WRONG_CLAIMS = {
    "iss": "it is another provider's",
    "aud": "it was given for another program",
    "azp": "it was given for another program",
    "nonce": "it belongs to another attempt to sign in",
    "exp": "it has expired",
    "iat": "it is not valid yet",
    "nbf": "it is not valid yet",
    "sub": "it names nobody",
    "at_hash": "it does not fit the rest of the answer",
}


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """How Seawall is known to the provider.

    Attributes
    ----------
    issuer : str
        Without a slash at its end unless the provider's own has one.
    client_id : str
    client_secret : str
        Empty for a public client.
    name : str
        As people know the provider.
    strong : frozenset of str
        Values of `amr` or `acr` that mean a second factor.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    name: str = "single sign-on"
    strong: frozenset[str] = frozenset({"mfa"})


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the provider says of itself, and its keys."""

    at: datetime
    facts: Mapping[str, Any]
    keys: KeySet


class OidcProvider:
    """A provider that is asked over the network: a `SignOn`.

    Parameters
    ----------
    settings : OidcSettings
    wall : callable
        Gives the wall's time, UTC.
    """

    def __init__(self, settings: OidcSettings, *, wall: Callable[[], datetime]) -> None:
        self._settings = settings
        self._wall = wall
        self._known: _Known | None = None
        self._asking = threading.Lock()
        self._turns = threading.BoundedSemaphore(TURNS)

    @property
    def name(self) -> str:
        """As people know it."""
        return self._settings.name

    def address(self, attempt: Attempt, *, callback: str) -> str:
        """Where a browser is sent.

        Raises
        ------
        ProviderSilent
            If the provider does not answer.
        LoginRefused
            If it does not answer as one should.
        """
        with self._turn():
            facts = self._facts()
        again = {"prompt": "login", "max_age": 0} if attempt.purpose is Purpose.PROVE else {}
        with self._session(facts, callback) as session:
            address, _state = session.create_authorization_url(
                facts["authorization_endpoint"],
                state=attempt.state,
                code_verifier=attempt.verifier,
                nonce=attempt.nonce,
                **again,
            )
        return str(address)

    def vouched(self, attempt: Attempt, *, callback: str, answer: Mapping[str, str]) -> Vouched:
        """Whom it vouches for by what it sent back.

        Raises
        ------
        LoginRefused
        """
        with self._turn():
            self._check_answer(attempt, answer)
            token = self._token(attempt, callback, answer["code"])
            claims = self._claims(attempt, token)
        proven_at = _moment(claims.get("auth_time"))
        if attempt.purpose is Purpose.PROVE and (
            proven_at is None or proven_at < attempt.began - LEEWAY
        ):
            raise _not_accepted("it does not say that you signed in anew")
        return Vouched(
            subject_of(self._settings.issuer, _name_of(claims)), self._is_strong(claims), proven_at
        )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=TURN_PATIENCE):
            raise ProviderSilent(f"others wait for {self.name} already; try again in a moment")
        try:
            yield
        finally:
            self._turns.release()

    # --- its answer ------------------------------------------------------------------------

    def _check_answer(self, attempt: Attempt, answer: Mapping[str, str]) -> None:
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise _not_accepted("it belongs to another attempt to sign in")
        facts = self._facts()
        says_who = facts.get("authorization_response_iss_parameter_supported") is True
        if (says_who or "iss" in answer) and answer.get("iss") != self._settings.issuer:
            raise _not_accepted("it is another provider's")
        if "error" in answer:
            error = answer["error"]
            why = _REFUSALS.get(error, "it did not say why")
            kind = ProviderSilent if error in _NOT_NOW else LoginRefused
            raise kind(f"{self.name} did not sign you in: {why}")
        if not answer.get("code"):
            raise _not_accepted("it holds no code")

    def _token(self, attempt: Attempt, callback: str, code: str) -> Mapping[str, Any]:
        facts = self._facts()
        try:
            with self._session(facts, callback) as session:
                token: Mapping[str, Any] = session.fetch_token(
                    facts["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                    allow_redirects=False,
                )
        except OAuthError as problem:
            # Its description may be anybody's words, and hold what was sent.
            _LOG.warning("sign_on_refused", error=_word(problem.error))
            raise _not_accepted("the provider does not know its code, or no longer") from problem
        except (requests.RequestException, ValueError) as problem:
            raise self._silent(type(problem).__name__) from problem
        return token

    def _claims(self, attempt: Attempt, token: Mapping[str, Any]) -> CodeIDToken:
        signed = token.get("id_token")
        if not isinstance(signed, str):
            raise _not_accepted("it does not say who you are")
        opened = self._opened(signed)
        claims = CodeIDToken(
            opened.claims,
            opened.header,
            options={
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "sub": {"essential": True},
            },
            params={
                "nonce": attempt.nonce,
                "client_id": self._settings.client_id,
                "access_token": token.get("access_token"),
            },
        )
        try:
            claims.validate(
                now=int(self._wall().timestamp()), leeway=int(LEEWAY / timedelta(seconds=1))
            )
        except ClaimError as problem:
            wrong = problem.claim.partition(",")[0]
            raise _not_accepted(_WRONG_CLAIMS.get(wrong, "")) from problem
        return claims

    def _opened(self, signed: str) -> jwt.Token:
        """The provider's word, whose signature is its own; its keys may be newer than ours."""
        try:
            return jwt.decode(signed, self._keys(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            self._forget_keys()
        try:
            return jwt.decode(signed, self._keys(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError) as problem:
            _LOG.warning("sign_on_signature_refused", problem=type(problem).__name__)
            raise _not_accepted("it is not signed by the provider") from problem

    def _is_strong(self, claims: Mapping[str, Any]) -> bool:
        methods = claims.get("amr")
        said = set(methods) if _is_texts(methods) else set()
        level = claims.get("acr")
        return bool(self._settings.strong & (said | ({level} if isinstance(level, str) else set())))

    # --- what it says of itself ------------------------------------------------------------

    def _facts(self) -> Mapping[str, Any]:
        return self._kept().facts

    def _keys(self) -> KeySet:
        return self._kept().keys

    def _kept(self) -> _Known:
        with self._asking:
            now = self._wall()
            known = self._known
            if known is None or not timedelta(0) <= now - known.at < KEPT_FOR:
                known = self._known = self._asked(now)
            return known

    def _forget_keys(self) -> None:
        """Unless they were asked for just now: whoever sends nonsense must not make us ask."""
        with self._asking:
            if self._known is not None and self._wall() - self._known.at >= KEYS_AGAIN:
                self._known = None

    def _asked(self, now: datetime) -> _Known:
        issuer = self._settings.issuer
        facts = self._document(issuer.rstrip("/") + _DISCOVERY)
        if facts.get("issuer") != issuer:
            raise _not_accepted(f"at {issuer} is another one")
        for needed in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not may_be_asked(facts.get(needed)):
                raise _not_accepted(f"its {needed} cannot be asked safely")
        return _Known(at=now, facts=facts, keys=_usable(self._document(facts["jwks_uri"])))

    def _document(self, address: str) -> Mapping[str, Any]:
        try:
            answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False)
            document = answer.json()
        except (requests.RequestException, ValueError) as problem:
            raise self._silent(type(problem).__name__) from problem
        if answer.status_code != _OK:
            raise self._silent(f"status {answer.status_code}")
        if not isinstance(document, dict):
            raise _not_accepted("it is no provider of sign-ons")
        return document

    def _session(self, facts: Mapping[str, Any], callback: str) -> OAuth2Session:
        return OAuth2Session(
            self._settings.client_id,
            self._settings.client_secret or None,
            token_endpoint_auth_method=self._way_of_proving(facts),
            code_challenge_method="S256",
            redirect_uri=callback,
            scope=_SCOPE,
            default_timeout=TIMEOUT,
        )

    def _way_of_proving(self, facts: Mapping[str, Any]) -> str:
        """How Seawall proves to the provider who it is."""
        if not self._settings.client_secret:
            return "none"
        known = facts.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"

    def _silent(self, problem: str) -> ProviderSilent:
        # No error's text: it may hold an address with what was sent.
        _LOG.warning("sign_on_unanswered", problem=problem)
        return ProviderSilent(f"{self.name} does not answer now; try again later")


def may_be_asked(address: object) -> TypeGuard[str]:
    """Whether what is sent to an address is seen by nobody on the way."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))


def _usable(document: Mapping[str, Any]) -> KeySet:
    """Keys that may sign: of a sort that we know, and long enough."""
    told = document.get("keys")
    keys = [key for each in (told if isinstance(told, list) else []) for key in _key_of(each)]
    return KeySet(list[Key](keys))


def _key_of(told: object) -> Iterator[RSAKey | ECKey]:
    if not isinstance(told, dict) or told.get("use", "sig") != "sig":
        return
    try:
        if told.get("kty") == "EC":
            yield ECKey.import_key(told)
        elif told.get("kty") == "RSA":
            key = RSAKey.import_key(told)
            if key.raw_value.key_size >= _SHORTEST_RSA_KEY:
                yield key
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        _LOG.warning("sign_on_key_unusable", problem=type(problem).__name__)


def _name_of(claims: Mapping[str, Any]) -> str:
    name = claims.get("sub")
    if not isinstance(name, str) or not (
        0 < len(name) <= _LONGEST_SUBJECT and name.isascii() and name.isprintable()
    ):
        raise _not_accepted("it names nobody")
    return name


def _moment(told: object) -> datetime | None:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    try:
        return datetime.fromtimestamp(told, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is_texts(told: object) -> TypeGuard[list[str]]:
    return isinstance(told, list) and all(isinstance(each, str) for each in told)


def _word(told: object) -> str:
    """One of the protocol's own words, or that it is none."""
    text = str(told)
    return text if text.replace("_", "").isalpha() and len(text) < 40 else "no word of the protocol"


def _not_accepted(why: str) -> LoginRefused:
    return LoginRefused(f"the provider's word was not accepted: {why or 'it is not as it must be'}")
