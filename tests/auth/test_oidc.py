"""Single sign-on against a small provider on this machine: each lie is refused in words."""

import json
import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from structlog.testing import capture_logs

from risk.auth import oidc
from risk.auth.oidc import KEPT_FOR, KEYS_AGAIN, LEEWAY, OidcProvider, OidcSettings, may_be_asked
from risk.domain.single_sign_on import Attempt, Purpose, Vouched
from risk.errors import LoginRefused
from tests.builders import NOON
from tests.fakes_provider import (
    CLIENT,
    SECRET,
    Provider,
    rsa_key,
    running_provider,
    signed_by_the_public_key,
    unsigned,
)

# One of its keys is weak, to be refused.
pytestmark = pytest.mark.filterwarnings("ignore:Key size should be:joserfc.errors.SecurityWarning")

CALLBACK = "http://127.0.0.1:8050/login/sso/callback"


class Wall:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Provider, Wall]]:
    wall = Wall()
    with running_provider(wall) as provider:
        yield provider, wall


@pytest.fixture
def wall(running) -> Wall:
    running[1].now = NOON
    return running[1]


@pytest.fixture
def provider(running, wall) -> Provider:
    fresh = Provider(wall, issuer=running[0].issuer)
    vars(running[0]).update(vars(fresh))
    return running[0]


@pytest.fixture
def desk(provider, wall) -> OidcProvider:
    return desk_of(provider, wall)


def desk_of(provider: Provider, wall: Wall, **changes) -> OidcProvider:
    usual = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "name": "Acme",
    }
    return OidcProvider(OidcSettings(**(usual | changes)), wall=wall)


def attempt(purpose: Purpose = Purpose.SIGN_IN, **changes) -> Attempt:
    usual = {"secret": secrets.token_urlsafe(32), "began": NOON, "back_to": "/", "purpose": purpose}
    return Attempt(**(usual | changes))


def go(desk: OidcProvider, provider: Provider, one: Attempt | None = None, **answer) -> Vouched:
    """To the provider and back."""
    one = one or attempt()
    came_back = provider.visited(desk.address(one, callback=CALLBACK)) | answer
    told = {name: value for name, value in came_back.items() if value is not ...}
    return desk.vouched(one, callback=CALLBACK, answer=told)


def refused(desk: OidcProvider, provider: Provider, one: Attempt | None = None, **answer) -> str:
    with capture_logs() as logs, pytest.raises(LoginRefused) as refusal:
        go(desk, provider, one, **answer)
    assert "s3cret" not in str(refusal.value) + str(logs)
    return str(refusal.value)


# --- who it is -----------------------------------------------------------------------------


def test_whom_the_provider_vouches_for_is_named_by_it_and_his_name_there(desk, provider):
    assert go(desk, provider) == Vouched(f"{provider.issuer}#4711", False, NOON)


def test_the_browser_is_sent_with_a_challenge_and_without_any_secret(desk, provider):
    one = attempt()
    address = desk.address(one, callback=CALLBACK)
    asked = dict(parse_qsl(urlsplit(address).query))

    assert address.startswith(f"{provider.issuer}/authorize?")
    assert asked.pop("code_challenge") != one.verifier
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": one.state,
        "nonce": one.nonce,
        "code_challenge_method": "S256",
    }
    assert SECRET not in address
    assert one.verifier not in address


@pytest.mark.parametrize(
    ("claims", "strong"),
    [
        ({}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["hwk"]}, True),
        ({"acr": "urn:two"}, True),
        ({"acr": "urn:one"}, False),
        ({"acr": 2}, False),
        ({"amr": ["pwd", 7]}, False),
    ],
)
def test_a_second_factor_is_what_the_settings_say(provider, wall, claims, strong):
    provider.claims = claims
    desk = desk_of(provider, wall, strong=frozenset({"mfa", "hwk", "urn:two"}))

    assert go(desk, provider).strong == strong


def test_roles_and_mail_addresses_of_its_claims_are_not_looked_at(desk, provider):
    provider.claims = {"roles": ["admin"], "email": "root@example.com", "groups": ["officer"]}

    assert go(desk, provider) == Vouched(f"{provider.issuer}#4711", False, NOON)


# --- lies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"nonce": "another"}, "it belongs to another attempt to sign in"),
        ({"nonce": ...}, "it belongs to another attempt to sign in"),
        ({"aud": "another"}, "it was given for another program"),
        ({"aud": ["another"]}, "it was given for another program"),
        ({"aud": [CLIENT, "another"]}, "it was given for another program"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "it was given for another program"),
        ({"aud": ...}, "it was given for another program"),
        ({"iss": "https://other.example"}, "it is another provider's"),
        ({"iss": ...}, "it is another provider's"),
        ({"exp": int((NOON - LEEWAY).timestamp()) - 1}, "it has expired"),
        ({"exp": ...}, "it has expired"),
        ({"exp": "never"}, "it has expired"),
        ({"exp": float("inf")}, "it has expired"),
        ({"exp": float("nan")}, "it has expired"),
        ({"iat": int((NOON + LEEWAY).timestamp()) + 2}, "it is not valid yet"),
        ({"nbf": int((NOON + LEEWAY).timestamp()) + 2}, "it is not valid yet"),
        ({"sub": ...}, "it names nobody"),
        ({"sub": ""}, "it names nobody"),
        ({"sub": 4711}, "it names nobody"),
        ({"sub": ["4711"]}, "it names nobody"),
        ({"sub": "a\nb"}, "it names nobody"),
        ({"sub": "x" * 256}, "it names nobody"),
        ({"at_hash": "another"}, "it does not fit the rest of the answer"),
    ],
)
def test_a_word_that_is_not_for_us_now_is_refused(desk, provider, claims, told):
    provider.claims = claims

    assert refused(desk, provider) == f"the provider's word was not accepted: {told}"


def test_a_word_for_two_is_accepted_where_it_says_that_we_asked(desk, provider):
    provider.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}

    assert go(desk, provider).subject.endswith("#4711")


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        signed_by_the_public_key,
        lambda header, claims: jwt.encode(header, claims, rsa_key("another")),
        lambda header, claims: jwt.encode(
            {**header, "kid": "weak"}, claims, rsa_key("weak", 1_024)
        ),
        lambda header, claims: jwt.encode(header, claims, rsa_key("one"))[:-4] + "AAAA",
        lambda header, claims: "nonsense",
        lambda header, claims: "",
    ],
    ids=["none", "HS256", "another key", "a weak key", "forged", "no token", "nothing"],
)
def test_a_word_that_its_key_has_not_signed_is_refused(desk, provider, sign):
    provider.sign = sign

    assert refused(desk, provider).endswith("it is not signed by the provider")


def test_a_code_counts_once(desk, provider):
    one = attempt()
    came_back = provider.visited(desk.address(one, callback=CALLBACK))
    desk.vouched(one, callback=CALLBACK, answer=came_back)

    with pytest.raises(LoginRefused, match="does not know its code, or no longer"):
        desk.vouched(one, callback=CALLBACK, answer=came_back)


def test_a_code_that_somebody_else_asked_for_is_refused(desk, provider):
    """His code, put under the victim's attempt: neither state nor challenge fits."""
    his = provider.visited(desk.address(attempt(), callback=CALLBACK))
    mine = attempt()

    with pytest.raises(LoginRefused, match="another attempt to sign in"):
        desk.vouched(mine, callback=CALLBACK, answer=his)
    with pytest.raises(LoginRefused, match="does not know its code"):
        desk.vouched(mine, callback=CALLBACK, answer=his | {"state": mine.state})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"state": "another"}, "it belongs to another attempt"),
        ({"state": ...}, "it belongs to another attempt"),
        ({"state": "é"}, "it belongs to another attempt"),
        ({"iss": "https://other.example"}, "it is another provider's"),
        ({"iss": ...}, "it is another provider's"),
        ({"code": ...}, "it holds no code"),
        ({"code": ""}, "it holds no code"),
        ({"code": "invented"}, "the provider does not know its code"),
        ({"error": "access_denied"}, "Acme did not sign you in: you were not let in there"),
        ({"error": "<script>"}, "Acme did not sign you in: it did not say why"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(desk, provider, answer, told):
    assert told in refused(desk, provider, **answer)


# --- proving it again ----------------------------------------------------------------------


def test_whoever_proves_it_again_is_asked_for_his_password_there(desk, provider):
    vouched = go(desk, provider, attempt(Purpose.PROVE))
    _, asked = next(each for each in provider.asked if each[0] == "/authorize")

    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert vouched.proven_at == NOON


@pytest.mark.parametrize(
    "auth_time",
    [
        ...,
        int((NOON - LEEWAY).timestamp()) - 1,
        int((NOON - timedelta(hours=8)).timestamp()),
        True,
        "now",
        1e300,
    ],
)
def test_a_sign_in_of_before_proves_nothing(desk, provider, auth_time):
    provider.claims = {"auth_time": auth_time}

    assert "was not accepted: " in refused(desk, provider, attempt(Purpose.PROVE))


def test_when_he_signed_in_there_is_told_where_the_provider_says_it(desk, provider):
    long_ago = NOON - timedelta(hours=8)
    provider.claims = {"auth_time": int(long_ago.timestamp())}
    told = go(desk, provider).proven_at
    provider.claims = {"auth_time": ...}

    assert (told, go(desk, provider).proven_at) == (long_ago, None)


# --- the provider itself -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"issuer": "https://other.example"}, "is another one"),
        (
            {"token_endpoint": "http://id.example/token"},
            "its token_endpoint cannot be asked safely",
        ),
        ({"jwks_uri": "file:///etc/passwd"}, "its jwks_uri cannot be asked safely"),
        ({"authorization_endpoint": ...}, "its authorization_endpoint cannot be asked safely"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "cannot be asked safely"),
    ],
)
def test_a_provider_that_is_not_what_it_should_be_is_refused(desk, provider, facts, told):
    provider.facts = facts

    assert told in refused(desk, provider)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_provider_that_does_not_answer_is_said_so(desk, provider, status):
    provider.status = status

    assert refused(desk, provider) == "Acme does not answer now; try again later"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"<html>", "does not answer now"),
        (b"[]", "does not answer now"),
        (b'{"access_token": "s3cret"}', "it does not say who you are"),
        (b'{"access_token": "s3cret", "id_token": 7}', "it does not say who you are"),
    ],
)
def test_tokens_that_are_none_are_refused(desk, provider, answer, told):
    provider.answer = answer

    assert told in refused(desk, provider)


def test_it_is_asked_what_it_is_once_an_hour(desk, provider, wall):
    for _ in range(3):
        go(desk, provider)
    before = provider.count("/keys")
    wall.now += KEPT_FOR
    go(desk, provider, attempt(began=wall.now))

    assert (before, provider.count("/keys")) == (1, 2)


def test_a_new_key_of_the_provider_is_found_and_nonsense_does_not_make_us_ask(desk, provider, wall):
    go(desk, provider)
    wall.now += KEYS_AGAIN
    provider.key = rsa_key("another")

    assert go(desk, provider).subject.endswith("#4711")
    provider.sign = unsigned
    for _ in range(5):
        refused(desk, provider)
    assert provider.count("/keys") == 2


def test_a_provider_that_hangs_does_not_take_everybody_with_it(provider, wall, monkeypatch):
    monkeypatch.setattr(oidc, "TURN_PATIENCE", 0.01)
    desk = desk_of(provider, wall)
    provider.hangs = threading.Event()
    told: list[str] = []

    def ask() -> None:
        told.append(desk.address(attempt(), callback=CALLBACK))

    waiting = [threading.Thread(target=ask) for _ in range(oidc.TURNS)]
    for each in waiting:
        each.start()
    while desk._turns._value:
        pass
    with pytest.raises(LoginRefused, match="others wait for Acme already"):
        desk.address(attempt(), callback=CALLBACK)
    provider.hangs.set()
    for each in waiting:
        each.join()

    assert len(told) == oidc.TURNS


def test_a_client_without_a_secret_proves_itself_by_the_challenge_alone(provider, wall):
    desk = desk_of(provider, wall, client_secret="")
    refused(desk, provider)
    _, form = provider.asked[-1]

    assert form["client_id"] == CLIENT
    assert "client_secret" not in form


def test_a_secret_is_sent_in_the_body_only_where_the_provider_wants_it_there(provider, wall):
    provider.facts = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    desk = desk_of(provider, wall)
    refused(desk, provider)

    assert provider.asked[-1][1]["client_secret"] == SECRET


def test_settings_show_no_secret():
    assert SECRET not in repr(OidcSettings(issuer="x", client_id="y", client_secret=SECRET))


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://id.example/token", True),
        ("http://127.0.0.1:9/token", True),
        ("http://localhost/token", True),
        ("http://id.example/token", False),
        ("ftp://id.example", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_only_what_nobody_reads_on_the_way_is_asked(address, safe):
    assert may_be_asked(address) == safe


# --- nonsense ------------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
_names = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "auth_time",
    "amr",
    "acr",
    "azp",
    "at_hash",
]


@given(
    claims=st.dictionaries(st.sampled_from(_names), _json, max_size=4),
    purpose=st.sampled_from(Purpose),
)
def test_whatever_a_signed_word_claims_the_answer_is_a_person_or_a_refusal(claims, purpose):
    desk = _Answered({**_USUAL, **claims})
    one = attempt(purpose)

    try:
        vouched = desk.vouched(one, callback=CALLBACK, answer={"state": one.state, "code": "c"})
    except LoginRefused:
        return
    assert "nonce" not in claims
    assert vouched.subject.startswith("https://id.example#")


@given(
    st.text() | st.binary().map(lambda raw: raw.hex()) | st.just("a.b.c") | st.just("e30.e30.e30")
)
def test_whatever_stands_where_a_word_should_it_is_refused(word):
    one = attempt()

    with pytest.raises(LoginRefused):
        _Answered(word).vouched(one, callback=CALLBACK, answer={"state": one.state, "code": "c"})


_USUAL = {
    "iss": "https://id.example",
    "sub": "4711",
    "aud": CLIENT,
    "exp": int(NOON.timestamp()) + 60,
    "iat": int(NOON.timestamp()),
}


class _Answered(OidcProvider):
    """Without a network: its token endpoint gives one word."""

    def __init__(self, word) -> None:
        super().__init__(
            OidcSettings(issuer="https://id.example", client_id=CLIENT), wall=lambda: NOON
        )
        self._word = word

    def _asked(self, now):
        keys = oidc._usable({"keys": [rsa_key("one").as_dict(private=False)]})
        return oidc._Known(at=now, facts={}, keys=keys)

    def _token(self, attempt, callback, code):
        if isinstance(self._word, str):
            return {"id_token": self._word}
        claims = json.loads(json.dumps({"nonce": attempt.nonce, **self._word}))
        return {"id_token": jwt.encode({"alg": "RS256"}, claims, rsa_key("one"))}
