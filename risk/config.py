"""Settings: every one declared once, read once, wrong ones refused by name.

A field of `Settings` is the single source of a setting's default, meaning and rule; the
environment, ``seawall.toml``, ``seawall settings`` and the documentation all follow from it.
What a setting does belongs to the room that uses it.
"""

import difflib
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints
from urllib.parse import urlsplit

from risk.domain.hosts import is_address, is_this_machine
from risk.engine.lifeline import HEARTBEAT_VARIABLE
from risk.errors import SettingInvalid

PREFIX = "SEAWALL_"
FILE_NAME = "seawall.toml"
FEEDS_OFFERED = ("simulated", "files")
EXECUTORS_OFFERED = ("advise", "paper")
BOOK_MODELS_OFFERED = (
    "filtered_evt",
    "filtered_historical",
    "ewma_filtered_historical",
    "ewma_normal",
    "historical_250",
    "historical_500",
    "adaptive",
    "parametric_normal",
    "parametric_t",
    "cornish_fisher",
    "monte_carlo_gaussian",
    "monte_carlo_bootstrap",
    "most_conservative",
)
LOG_LEVELS = ("debug", "info", "warning", "error")

_PASSWORD_IN_QUERY = re.compile(r"([?&](?:ssl)?password=)[^&#]*", re.IGNORECASE)
_THIS_MACHINE = "127.0.0.1"
_IPV6 = 6
_USUAL_PORT = ":443"
_HTTPS = re.compile(r"https://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_BEFORE_ADDRESS = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")


@dataclass(frozen=True)
class Declared:
    """What a setting means and how its text is read.

    Attributes
    ----------
    meaning : str
        One sentence for its user.
    parse : callable
        Text to value; raises ValueError with the rest of a sentence that begins with the key.
    default : str
        How the default is described where its value would mislead; else empty.
    shown : callable or None
        From its value to what a screen may show, for a setting that holds secrets.
    """

    meaning: str
    parse: Callable[[str], object]
    default: str = ""
    shown: Callable[[Any], str | None] | None = None


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def _path(value: str) -> Path:
    try:
        return Path(_text(value)).expanduser().absolute()
    except RuntimeError as unknown_user:
        raise ValueError(f"names a home folder that does not exist: {value!r}") from unknown_user


def _one_of(*names: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        chosen = value.strip().lower()
        if chosen not in names:
            raise ValueError(f"must be one of {', '.join(names)}, got {value!r}")
        return chosen

    return parse


def _feed(value: str) -> str:
    if value.strip().lower() == "exchange":
        raise ValueError(
            "cannot be exchange: this version has no connection to an exchange, "
            f"only {' and '.join(FEEDS_OFFERED)}"
        )
    return _one_of(*FEEDS_OFFERED)(value)


def _book_model(value: str) -> str:
    near = difflib.get_close_matches(value.strip().lower(), BOOK_MODELS_OFFERED, n=1)
    try:
        return _one_of(*BOOK_MODELS_OFFERED)(value)
    except ValueError as problem:
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"{problem}{hint}") from problem


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}, got {value!r}")
        return number

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        digits = value.strip()
        if not (digits.isascii() and digits.isdigit() and low <= int(digits) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}, got {value!r}")
        return int(digits)

    return parse


def _address(value: str) -> str:
    host = _text(value).strip("[]").lower()
    if ":" in host:
        try:
            return str(ip_address(host))
        except ValueError:
            host = ""
    if not _HOST.fullmatch(host):
        raise ValueError(f"must be an address or a name, without a port, got {value!r}")
    return host


def _web_url(value: str) -> str:
    """As a browser says whence a page is: without a slash at its end, nor the usual port."""
    address = _text(value).rstrip("/").lower()
    found = _HTTPS.fullmatch(address)
    host = found["host"] if found else ""
    if found is None or not (_HOST.fullmatch(host) or _is_ipv6(host)):
        raise ValueError(
            f"must be https://HOST or https://HOST:PORT and nothing more, got {value!r}"
        )
    return address.removesuffix(_USUAL_PORT)


def _is_ipv6(host: str) -> bool:
    """Whether it is such an address in brackets, as an address of the web has it."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).version == _IPV6
    except ValueError:
        return False


def _hosts(value: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in value.split(",") if name.strip())
    for name in names:
        if not _HOST.fullmatch(name):
            raise ValueError(f"must be names of hosts without ports, separated by commas: {name!r}")
    return names


def _issuer(value: str) -> str:
    issuer = _text(value)
    parts = urlsplit(issuer)
    safe = parts.scheme == "https" or (
        parts.scheme == "http" and is_this_machine(parts.hostname or "")
    )
    if not (safe and parts.hostname) or parts.query or parts.fragment or parts.username:
        raise ValueError(f"must be an address such as https://id.example.com, got {value!r}")
    return issuer


def _words(value: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    if not words:
        raise ValueError("must be one value or more, separated by commas")
    return words


def _hidden(secret: str | None) -> str | None:
    return None if secret is None else "***"


def _hosts_or_addresses(value: str) -> tuple[str, ...]:
    names = tuple(name.strip().strip("[]") for name in value.split(",") if name.strip())
    return tuple(name.lower() if is_address(name) else _hosts(name)[0] for name in names)


def _addresses(value: str) -> tuple[str, ...]:
    """Parted by spaces or commas; a comma within an address is one of its own."""
    found = tuple(part.strip(", \t\r\n") for part in _BEFORE_ADDRESS.split(value))
    addresses = tuple(part for part in found if part)
    for place, address in enumerate(addresses, start=1):
        if not _ADDRESS.fullmatch(address):
            # Not a character of it is told: it may be all secret.
            raise ValueError(
                "must be addresses such as ntfys://HOST/TOPIC, parted by spaces or commas; "
                f"number {place} is none"
            )
    return addresses


def _services(addresses: tuple[str, ...]) -> str | None:
    """Whose addresses they are, without a character of the rest: any of it may be secret."""
    told = (f"{address.partition('://')[0].lower()}://***" for address in addresses)
    return ", ".join(told) or None


def _database(value: str) -> str:
    scheme, separator, rest = _text(value).partition("://")
    if separator and scheme in _POSTGRES and _names_a_server(rest):
        return f"postgresql+psycopg://{rest}"
    if separator and scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return f"sqlite://{rest}"
    raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")


def _names_a_server(address: str) -> bool:
    try:
        parts = urlsplit(f"//{address}")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False  # half an IPv6 address, or a port that is no number


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set, checked; each field's `Declared` documents it."""

    home: Annotated[
        Path,
        Declared("Folder of all that Seawall keeps; made at the first start.", _path),
    ] = Path(".seawall")

    database_url: Annotated[
        str,
        Declared(
            "Database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE.",
            _database,
            default="sqlite:///SEAWALL_HOME/seawall.db",
        ),
    ] = field(default="", repr=False)

    journal_key: Annotated[
        Path,
        Declared(
            "File of the private key that signs the journal's checkpoints, apart from the database;"
            " made with the first one, its public key beside it with the ending .pub.",
            _path,
            default="SEAWALL_HOME/journal.key",
        ),
    ] = Path()

    anchor: Annotated[
        Path,
        Declared(
            "File that each checkpoint is copied to: best where the database's machine can only"
            " add to it.",
            _path,
            default="SEAWALL_HOME/anchor.jsonl",
        ),
    ] = Path()

    feed: Annotated[
        str,
        Declared(
            "Where prices come from: simulated (an invented market) or files (SEAWALL_PRICES).",
            _feed,
        ),
    ] = "simulated"

    prices: Annotated[
        Path | None,
        Declared(
            "Price file that the files feed replays: csv, csv.gz or parquet, long or wide.",
            _path,
            default="none",
        ),
    ] = None

    speed: Annotated[
        float,
        Declared("Market seconds that pass in one second.", _number(0.01, 100_000.0)),
    ] = 1.0

    web_port: Annotated[int, Declared("Port of the web pages.", _whole(1, 65_535))] = 8050

    api_port: Annotated[
        int,
        Declared(
            "Port on which the authority answers agents over HTTP.",
            _whole(1, 65_535),
        ),
    ] = 8051

    api_rate: Annotated[
        float,
        Declared(
            "Orders a second that one key may ask about; it may report twice as much.",
            _number(1.0, 1_000_000.0),
        ),
    ] = 2_000.0

    api_hosts: Annotated[
        tuple[str, ...],
        Declared(
            "Names, separated by commas, under which agents may ask beside those of this machine, "
            "as behind a proxy on it.",
            _hosts,
            default="none",
        ),
    ] = ()

    host: Annotated[
        str,
        Declared(
            "Address the web listens on: another than one of this machine only where somebody has "
            "a login.",
            _address,
        ),
    ] = "127.0.0.1"

    web_url: Annotated[
        str | None,
        Declared(
            "Address by which people reach the web through a proxy that speaks TLS, such as "
            "https://risk.example: then the only one that is answered.",
            _web_url,
            default="none",
        ),
    ] = None

    cycle_seconds: Annotated[
        float,
        Declared("Seconds from one risk cycle to the next.", _number(0.05, 60.0)),
    ] = 1.0

    seed: Annotated[
        int,
        Declared(
            "Seed of the simulated market: the same seed, the same market.",
            _whole(0, 2**32 - 1),
        ),
    ] = 42

    portfolio: Annotated[str, Declared("Portfolio that the engine watches.", _text)] = "demo"

    var_model: Annotated[
        str,
        Declared(
            "Model that measures a book's day unless somebody chooses another one on the page "
            "Model health or by `seawall var use`; `seawall var models` lists them.",
            _book_model,
        ),
    ] = "filtered_evt"

    executor: Annotated[
        str,
        Declared(
            "Who acts when positions are to be made smaller: advise (those who are asked), or "
            "paper (trades booked here, for books that exist nowhere else).",
            _one_of(*EXECUTORS_OFFERED),
        ),
    ] = "advise"

    answer_when: Annotated[
        str,
        Declared(
            "When an order is answered: written (on disk first), or decided (sooner; a crash may "
            "lose the last answers and their reservations).",
            _one_of("written", "decided"),
        ),
    ] = "written"

    notify_urls: Annotated[
        tuple[str, ...],
        Declared(
            "Where people are told of trips and halts beside the log: addresses of Apprise, parted "
            "by spaces or commas. They hold secrets and are never shown.",
            _addresses,
            default="none",
            shown=_services,
        ),
    ] = field(default=(), repr=False)

    notify_hosts: Annotated[
        tuple[str, ...],
        Declared(
            "Names or addresses, separated by commas, of hosts on this machine or in its network "
            "that SEAWALL_NOTIFY_URLS may name, or that stand between as a proxy; without it "
            "notices leave for the open net alone.",
            _hosts_or_addresses,
            default="none",
        ),
    ] = ()

    oidc_issuer: Annotated[
        str | None,
        Declared(
            "Issuer of the OpenID Connect provider by whose word people sign in; with "
            "SEAWALL_OIDC_CLIENT_ID.",
            _issuer,
            default="none",
        ),
    ] = None

    oidc_client_id: Annotated[
        str | None,
        Declared("Name by which that provider knows Seawall.", _text, default="none"),
    ] = None

    oidc_client_secret: Annotated[
        str | None,
        Declared(
            "By what Seawall proves to that provider who asks; never shown.",
            _text,
            default="none",
            shown=_hidden,
        ),
    ] = field(default=None, repr=False)

    oidc_name: Annotated[
        str, Declared("What people know that provider by, as the log-in page says it.", _text)
    ] = "single sign-on"

    oidc_strong: Annotated[
        tuple[str, ...],
        Declared(
            "Values of that provider's `amr` or `acr`, separated by commas, which mean that it "
            "asked for a second factor.",
            _words,
            default="mfa",
        ),
    ] = ("mfa",)

    log_level: Annotated[
        str,
        Declared(
            "Least severe log line written: debug, info, warning or error.",
            _one_of(*LOG_LEVELS),
        ),
    ] = "info"

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", self.home.absolute())
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.home}/seawall.db")
        for name, file in (("journal_key", "journal.key"), ("anchor", "anchor.jsonl")):
            if getattr(self, name) == Path():
                object.__setattr__(self, name, self.home / file)
        if self.feed == "files" and self.prices is None:
            raise SettingInvalid(
                key_of("prices"), "must name a price file when SEAWALL_FEED is files"
            )
        self._refuse_half_a_provider()
        if self.web_port == self.api_port:
            raise SettingInvalid(
                key_of("api_port"), f"must differ from SEAWALL_WEB_PORT, both are {self.web_port}"
            )

    def _refuse_half_a_provider(self) -> None:
        pair = {name: getattr(self, name) for name in ("oidc_issuer", "oidc_client_id")}
        given = [name for name, value in pair.items() if value is not None]
        if len(given) == 1:
            (missing,) = pair.keys() - set(given)
            raise SettingInvalid(key_of(given[0]), f"needs {key_of(missing)} too")

    @property
    def api_url(self) -> str:
        """Where the authority answers agents."""
        host = f"[{self.api_host}]" if ":" in self.api_host else self.api_host
        return f"http://{host}:{self.api_port}"

    @property
    def api_host(self) -> str:
        """Address on which the authority listens: always one of this machine.

        Keys must not cross a network in the clear: agents elsewhere come through a proxy here.
        """
        return self.host if is_this_machine(self.host) else _THIS_MACHINE


@dataclass(frozen=True, kw_only=True)
class SettingInForce:
    """One setting as it stands, fit for a screen.

    Attributes
    ----------
    key : str
        Environment variable, e.g. ``SEAWALL_WEB_PORT``.
    value : str or int or float or None
        Without password.
    default, meaning : str
    source : str
        ``default``, ``environment`` or ``seawall.toml``.
    """

    key: str
    value: str | int | float | None
    default: str
    meaning: str
    source: str


class _Written(NamedTuple):
    """A value as the user wrote it."""

    text: str
    source: str
    key: str


def key_of(name: str) -> str:
    """The environment variable of the field `name`."""
    return PREFIX + name.upper()


def declarations() -> dict[str, Declared]:
    """What each field of `Settings` declares, by its name."""
    hints = get_type_hints(Settings, include_extras=True)
    return {spec.name: hints[spec.name].__metadata__[0] for spec in fields(Settings)}


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings in force; the environment wins over ``seawall.toml``.

    Parameters
    ----------
    environ : mapping, optional
        The process's environment if not given.
    folder : Path, optional
        Where ``seawall.toml`` is looked for; the current folder if not given.

    Raises
    ------
    SettingInvalid
        If a name is unknown or a value unusable; the text names the key.
    """
    return _settings_from(_written(environ, folder))


def settings_in_force(
    environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> tuple[SettingInForce, ...]:
    """Every setting in the order of declaration, and where its value came from.

    Parameters and errors are those of `load_settings`.
    """
    written = _written(environ, folder)
    settings = _settings_from(written)
    return tuple(
        SettingInForce(
            key=key_of(name),
            value=(declared.shown or _shown)(getattr(settings, name)),
            default=default_of(name),
            meaning=declared.meaning,
            source=written[name].source if name in written else "default",
        )
        for name, declared in declarations().items()
    )


def default_of(name: str) -> str:
    """The default of the field `name`, in words."""
    defaults = {spec.name: spec.default for spec in fields(Settings)}
    return declarations()[name].default or str(defaults[name])


def _shown(value: object) -> str | int | float | None:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, tuple):
        return ", ".join(value) or None
    return without_password(str(value))


def without_password(url: str) -> str:
    """`url` with its password, if it has one, replaced by stars."""
    if "://" not in url:
        return url
    password = urlsplit(url).password
    shown = url.replace(f":{password}@", ":***@") if password else url
    return _PASSWORD_IN_QUERY.sub(r"\1***", shown)


def _settings_from(written: Mapping[str, _Written]) -> Settings:
    declared = declarations()
    values: dict[str, Any] = {}
    for name, (text, _source, key) in written.items():
        try:
            values[name] = declared[name].parse(text)
        except ValueError as problem:
            raise SettingInvalid(key, str(problem)) from problem
    return Settings(**values)


def _written(environ: Mapping[str, str] | None, folder: Path | None) -> dict[str, _Written]:
    in_file = _written_in_file((folder or Path.cwd()) / FILE_NAME)
    return in_file | _written_in_environment(os.environ if environ is None else environ)


#: A wire between processes, and where agents' clients find Seawall and their key.
_NO_SETTINGS = frozenset({HEARTBEAT_VARIABLE, key_of("url"), key_of("key")})


def _written_in_environment(environ: Mapping[str, str]) -> dict[str, _Written]:
    return {
        _name_of(key, "the environment"): _Written(text, "environment", key)
        for key, text in environ.items()
        if key.startswith(PREFIX) and key not in _NO_SETTINGS
    }


def _written_in_file(path: Path) -> dict[str, _Written]:
    written: dict[str, _Written] = {}
    for key, value in _read_toml(path).items():
        name = _name_of(key, FILE_NAME)
        if name in written:
            raise SettingInvalid(key, f"in {FILE_NAME} stands twice")
        if isinstance(value, dict | list):
            raise SettingInvalid(key, f"in {FILE_NAME} must be a single value")
        written[name] = _Written(str(value), FILE_NAME, f"{key} in {FILE_NAME}")
    return written


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        raise SettingInvalid(str(path), f"cannot be read: {problem}") from problem


def _name_of(key: str, place: str) -> str:
    names = list(declarations())
    name = key.removeprefix(PREFIX).lower()
    if name in names:
        return name
    raise SettingInvalid(key, f"in {place} is not a setting{_hint(key, name, names)}")


def _hint(key: str, name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    if not near:
        return "; `seawall settings` lists them all"
    return f"; did you mean {key_of(near[0]) if key.startswith(PREFIX) else near[0]}?"
