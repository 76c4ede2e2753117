"""A small provider of single sign-on on this machine, which lies about one thing if told to."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "seawall"
SECRET = "s3cretclient"


@cache
def rsa_key(name: str, size: int = 2_048) -> RSAKey:
    """A key; making one takes a tenth of a second."""
    return RSAKey.generate_key(size, {"kid": name, "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """Whom it vouches for, and how.

    Attributes
    ----------
    wall : callable
    subject : str
        Who sits in front of the browser.
    claims : dict
        Beside or instead of the usual ones; what is `...` is left out.
    facts : dict
        The same of what it says of itself.
    header : dict
        Instead of the usual header of its word.
    sign : callable or None
        From header and claims to the word, instead of a signature by its key.
    answer : bytes or None
        Of its token endpoint, instead of tokens.
    status : int
        Of everything it answers by itself.
    asked : list of (path, parameters)
    """

    wall: Callable[[], datetime]
    subject: str = "4711"
    claims: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict, dict], str] | None = None
    answer: bytes | None = None
    status: int = 200
    key: RSAKey = field(default_factory=lambda: rsa_key("one"))
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    hangs: threading.Event | None = None
    issuer: str = ""

    def __post_init__(self) -> None:
        self._codes: dict[str, dict[str, str]] = {}
        self.given: list[str] = []

    def count(self, path: str) -> int:
        return sum(each == path for each, _ in self.asked)

    def visited(self, address: str) -> dict[str, str]:
        """What a browser brings back that is sent to `address` and signs in there."""
        asked = dict(parse_qsl(urlsplit(address).query))
        self.asked.append(("/authorize", asked))
        code = hashlib.sha256(f"{len(self.asked)}".encode()).hexdigest()
        self._codes[code] = asked
        self.given.append(code)
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    # --- what it answers -------------------------------------------------------------------

    def discovery(self) -> dict[str, Any]:
        return _changed(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "authorization_response_iss_parameter_supported": True,
            },
            self.facts,
        )

    def keys(self) -> dict[str, Any]:
        strange = [{"kty": "oct", "k": "AAAA"}, {"kty": "PQ", "kid": "x"}, "nonsense"]
        weak = rsa_key("weak", 1_024).as_dict(private=False)
        return {"keys": [*strange, weak, self.key.as_dict(private=False)]}

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        if self.answer is not None:
            return self.status, self.answer
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        fits = (
            asked is not None
            and asked["code_challenge_method"] == "S256"
            and asked["code_challenge"] == _text(challenge)
            and asked["redirect_uri"] == form["redirect_uri"]
            and form["grant_type"] == "authorization_code"
            and authorization == f"Basic {basic}"
        )
        if not fits or asked is None:
            told = {"error": "invalid_grant", "error_description": f"s3cret {form.get('code')}"}
            return 400, json.dumps(told).encode()
        tokens = {"access_token": "s3cretaccess", "token_type": "Bearer", "id_token": ""}
        tokens["id_token"] = self._word(asked, tokens["access_token"])
        return 200, json.dumps(tokens).encode()

    def _word(self, asked: dict[str, str], access: str) -> str:
        now = int(self.wall().timestamp())
        usual = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            "auth_time": now,
            "at_hash": _text(hashlib.sha256(access.encode()).digest()[:16]),
        }
        claims = _changed(usual, self.claims)
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        if self.sign is not None:
            return self.sign(header, claims)
        return jwt.encode(header, claims, self.key)


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A word of algorithm `none`."""
    parts = [{**header, "alg": "none"}, claims]
    return ".".join([*(_text(json.dumps(each).encode()) for each in parts), ""])


def signed_by_the_public_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """As if the key that everybody may know were a secret."""
    public = rsa_key("one").as_pem(private=False)
    parts = [_text(json.dumps(each).encode()) for each in ({**header, "alg": "HS256"}, claims)]
    made = hmac.digest(public, ".".join(parts).encode(), "sha256")
    return ".".join([*parts, _text(made)])


@contextmanager
def running_provider(wall: Callable[[], datetime]) -> Iterator[Provider]:
    """A provider that answers on a port of its own."""
    provider = Provider(wall)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked.append((path, {}))
            if provider.hangs is not None:
                provider.hangs.wait(10)
            known = {
                "/.well-known/openid-configuration": provider.discovery,
                "/keys": provider.keys,
            }
            made = known.get(path)
            document = {"error": "nothing here"} if made is None else made()
            self._tell(provider.status if made else 404, json.dumps(document).encode())

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            provider.asked.append((self.path, form))
            self._tell(*provider.token(form, self.headers.get("Authorization", "")))

        def _tell(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if 300 <= status < 400:
                self.send_header("Location", f"{provider.issuer}/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        if provider.hangs is not None:
            provider.hangs.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _changed(usual: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def query(answer: dict[str, str]) -> str:
    """As the address of a callback holds it."""
    return urlencode(answer)
