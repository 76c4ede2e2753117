"""Settings come from one declaration, and a wrong one is refused by name."""

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.config import (
    BOOK_MODELS_OFFERED,
    Settings,
    declarations,
    default_of,
    key_of,
    load_settings,
    settings_in_force,
)
from risk.domain.model import DEFAULT_BOOK_MODEL
from risk.errors import SettingInvalid
from risk.portfolio.book_models import BOOK_MODELS

NOWHERE = Path("/nonexistent")


def load(**environ: str) -> Settings:
    return load_settings({key_of(name): value for name, value in environ.items()}, NOWHERE)


def refusal(**environ: str) -> str:
    with pytest.raises(SettingInvalid) as refused:
        load(**environ)
    return str(refused.value)


def row(key: str, environ: dict[str, str], folder: Path = NOWHERE):
    return next(row for row in settings_in_force(environ, folder) if row.key == key)


@pytest.fixture
def folder(tmp_path):
    def with_file(text: str) -> Path:
        (tmp_path / "seawall.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return with_file


def test_without_any_setting_the_demo_runs_on_loopback_with_a_database_in_its_home():
    settings = load()

    assert (settings.feed, settings.portfolio, settings.host) == ("simulated", "demo", "127.0.0.1")
    assert (settings.web_port, settings.api_port, settings.cycle_seconds) == (8050, 8051, 1.0)
    assert settings.home == Path.cwd() / ".seawall"
    assert settings.database_url == f"sqlite:///{settings.home}/seawall.db"


def test_the_database_follows_the_home():
    assert load(home="/srv/sea").database_url == "sqlite:////srv/sea/seawall.db"


def test_the_environment_wins_over_the_file(folder):
    where = folder("web_port = 9000\nseed = 7\n")

    settings = load_settings({"SEAWALL_WEB_PORT": "9001"}, where)

    assert (settings.web_port, settings.seed) == (9001, 7)


def test_the_file_takes_names_in_upper_and_in_lower_case(folder):
    settings = load_settings({}, folder('WEB_PORT = 9000\nlog_level = "DEBUG"\n'))

    assert (settings.web_port, settings.log_level) == (9000, "debug")


def test_each_row_says_where_its_value_comes_from(folder):
    where = folder("seed = 7\n")
    environ = {"SEAWALL_SPEED": "60"}

    sources = {row.key: row.source for row in settings_in_force(environ, where)}

    assert sources["SEAWALL_SPEED"] == "environment"
    assert sources["SEAWALL_SEED"] == "seawall.toml"
    assert sources["SEAWALL_FEED"] == "default"


def test_other_peoples_variables_are_left_alone():
    assert load_settings({"PATH": "/bin", "SEAWALLET": "1"}, NOWHERE) == load()


def test_the_wire_to_the_supervisor_is_not_a_setting():
    assert load_settings({"SEAWALL_HEARTBEAT_FD": "7"}, NOWHERE) == load()


def test_what_agents_are_told_by_the_environment_is_no_setting():
    told = {"SEAWALL_URL": "https://seawall.example", "SEAWALL_KEY": "seawall_x"}

    assert load_settings(told, NOWHERE) == load()


@pytest.mark.parametrize("name", [spec.name for spec in fields(Settings)])
def test_every_setting_states_a_meaning_and_a_default(name):
    assert declarations()[name].meaning.endswith(".")
    assert default_of(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("home", ""),
        ("home", "~nobody-of-this-name/sea"),
        ("database_url", "mysql://root@localhost/risk"),
        ("database_url", "sqlite://"),
        ("database_url", "sqlite:///"),
        ("database_url", "postgresql://"),
        ("database_url", "postgresql://[half"),
        ("database_url", "postgresql://ann:secret@db:port/risk"),
        ("database_url", "postgresql://ann:secret@db:70000/risk"),
        ("feed", "binance"),
        ("feed", ""),
        ("prices", " "),
        ("speed", "0"),
        ("speed", "nan"),
        ("speed", "inf"),
        ("speed", "fast"),
        ("web_port", "0"),
        ("web_port", "65536"),
        ("web_port", "80.5"),
        ("web_port", "-1"),
        ("web_port", "٨٠"),
        ("api_port", "8050"),
        ("api_rate", "0"),
        ("api_rate", "nan"),
        ("api_hosts", "risk.example:443"),
        ("api_hosts", "http://risk.example"),
        ("api_hosts", "a b"),
        ("host", ""),
        ("host", "seawall.example:8050"),
        ("host", "http://seawall.example"),
        ("host", "a b"),
        ("host", "12::zz"),
        ("web_url", "risk.example"),
        ("web_url", "http://risk.example"),
        ("web_url", "https://"),
        ("web_url", "https://risk.example/app"),
        ("web_url", "https://ann:secret@risk.example"),
        ("web_url", "https://risk.example:x"),
        ("web_url", "https://risk.example?a=b"),
        ("cycle_seconds", "0"),
        ("cycle_seconds", "61"),
        ("seed", "-1"),
        ("seed", "x"),
        ("portfolio", ""),
        ("notify_urls", "anna@example.com"),
        ("notify_urls", "ntfy://topic and more"),
        ("notify_hosts", "ntfy.example:443"),
        ("notify_hosts", "10.0.0.0/8"),
        ("oidc_issuer", "https://id.example"),
        ("oidc_issuer", "http://id.example"),
        ("oidc_issuer", "id.example"),
        ("oidc_issuer", "https://id.example/?tenant=1"),
        ("oidc_client_id", "seawall"),
        ("oidc_strong", " , "),
        ("log_level", "loud"),
    ],
)
def test_a_wrong_value_is_refused_naming_its_key(name, value):
    assert refusal(**{name: value}).startswith(key_of(name))


def test_hosts_for_agents_are_names_parted_by_commas():
    settings = load(api_hosts=" Risk.Example, seawall ,")

    assert settings.api_hosts == ("risk.example", "seawall")
    assert load().api_hosts == ()


@pytest.mark.parametrize(
    "text",
    [
        "slack://s3cretA/B, mailtos://x:s3cret@mail.io?to=a@b.io,c@b.io",
        " slack://s3cretA/B\nmailtos://x:s3cret@mail.io?to=a@b.io,c@b.io ,",
    ],
)
def test_addresses_for_notices_are_parted_by_spaces_or_commas_and_never_shown(text):
    key = "SEAWALL_NOTIFY_URLS"
    settings = load(notify_urls=text)

    assert settings.notify_urls == (
        "slack://s3cretA/B",
        "mailtos://x:s3cret@mail.io?to=a@b.io,c@b.io",
    )
    assert row(key, {key: text}).value == "slack://***, mailtos://***"
    assert row(key, {}).value is None
    assert "s3cret" not in repr(settings)


def test_hosts_of_this_network_are_names_or_addresses():
    settings = load(notify_hosts="Chat.Example, 10.0.0.7,[::1], fd00::1")

    assert settings.notify_hosts == ("chat.example", "10.0.0.7", "::1", "fd00::1")


def test_a_provider_of_sign_ons_is_set_whole_and_its_secret_is_never_shown():
    written = {
        "oidc_issuer": "https://id.example/realms/one",
        "oidc_client_id": "seawall",
        "oidc_client_secret": "s3cret",
        "oidc_strong": "mfa, urn:two",
    }
    settings = load(**written)
    key = "SEAWALL_OIDC_CLIENT_SECRET"

    assert (settings.oidc_name, settings.oidc_strong) == ("single sign-on", ("mfa", "urn:two"))
    assert "s3cret" not in repr(settings)
    assert row(key, {key_of(name): text for name, text in written.items()}).value == "***"
    assert row(key, {}).value is None


def test_a_text_that_is_no_address_is_refused_without_repeating_it():
    assert refusal(notify_urls="ntfy://x s3cret").endswith("number 1 is none")


@given(st.sampled_from([spec.name for spec in fields(Settings)]), st.text(max_size=20))
def test_any_text_is_either_a_setting_or_one_sentence(name, text):
    """Law: nothing that a user can write leads to anything but settings or `SettingInvalid`."""
    try:
        told = "" if load(**{name: text}) else "settings are never empty"
    except SettingInvalid as refused:
        told = str(refused)

    assert not told or told.startswith("SEAWALL_")


def test_an_exchange_is_refused_by_saying_what_there_is():
    assert "only simulated and files" in refusal(feed="exchange")


def test_a_feed_of_files_needs_a_file():
    assert (
        refusal(feed="files") == "SEAWALL_PRICES must name a price file when SEAWALL_FEED is files"
    )
    assert load(feed="files", prices="/data/p.csv").prices == Path("/data/p.csv")


def test_the_models_offered_are_those_that_can_measure_a_book():
    assert tuple(BOOK_MODELS) == BOOK_MODELS_OFFERED
    assert load().var_model == DEFAULT_BOOK_MODEL
    assert load(var_model=" Historical_250 ").var_model == "historical_250"


def test_another_model_is_refused_with_the_list_and_the_nearest():
    told = refusal(var_model="historical_25")

    assert told.startswith("SEAWALL_VAR_MODEL must be one of filtered_evt, filtered_historical, ")
    assert told.endswith("got 'historical_25'; did you mean historical_250?")
    assert refusal(var_model="oracle").endswith("got 'oracle'")


def test_who_acts_on_reductions_depends_on_the_book_unless_it_is_set():
    assert load().executor == "advise"
    assert load(executor="Paper").executor == "paper"
    assert refusal(executor="exchange").startswith(
        "SEAWALL_EXECUTOR must be one of advise, paper, got"
    )


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("localhost", "localhost"),
        ("127.9.9.9", "127.9.9.9"),
        ("::1", "::1"),
        ("[::]", "::"),
        ("0.0.0.0", "0.0.0.0"),
        ("Risk.Example", "risk.example"),
    ],
)
def test_the_web_may_listen_anywhere(host, taken):
    assert load(host=host).host == taken


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "risk.example"])
def test_agents_are_listened_to_on_this_machine_only(host):
    settings = load(host=host)

    assert (settings.api_host, settings.api_url) == ("127.0.0.1", "http://127.0.0.1:8051")
    assert load(host="::1").api_url == "http://[::1]:8051"


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://risk.example", "https://risk.example"),
        (" HTTPS://Risk.Example/ ", "https://risk.example"),
        ("https://risk.example:443", "https://risk.example"),
        ("https://risk.example:8443/", "https://risk.example:8443"),
        ("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443"),
    ],
)
def test_a_public_address_is_written_as_browsers_say_it(url, taken):
    assert load(web_url=url).web_url == taken
    assert load().web_url is None


def test_an_unknown_variable_is_refused_with_the_nearest_setting():
    with pytest.raises(SettingInvalid, match=r"SEAWALL_WEBPORT .* did you mean SEAWALL_WEB_PORT"):
        load_settings({"SEAWALL_WEBPORT": "1"}, NOWHERE)


def test_an_unknown_variable_like_no_other_is_sent_to_the_list():
    with pytest.raises(SettingInvalid, match=r"SEAWALL_QQQ .* `seawall settings` lists them all"):
        load_settings({"SEAWALL_QQQ": "1"}, NOWHERE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cycle_second = 1", "cycle_second in seawall.toml .* did you mean cycle_seconds"),
        ("seed = 1\nSEED = 2", "SEED in seawall.toml stands twice"),
        ("seed = [1]", "seed in seawall.toml must be a single value"),
        ("[web]\nport = 1", "web in seawall.toml"),
        ("seed = -3", "seed in seawall.toml must be a whole number"),
        ("web_port = true", "web_port in seawall.toml must be a whole number"),
        ("speed = nan", "speed in seawall.toml must be a number"),
        ("seed = ", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_naming_the_key_as_written(folder, text, said):
    with pytest.raises(SettingInvalid, match=said):
        load_settings({}, folder(text))


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "seawall.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(SettingInvalid, match="cannot be read"):
        load_settings({}, tmp_path)


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "seawall.toml").write_bytes(b"\xef\xbb\xbfseed = 7\n")

    assert load_settings({}, tmp_path).seed == 7


def test_postgres_may_be_written_as_people_write_it():
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        settings = load(database_url=f"{scheme}://ann:secret@db/risk")
        assert settings.database_url == "postgresql+psycopg://ann:secret@db/risk"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("postgresql://ann:s3cret@db/risk", "postgresql+psycopg://ann:***@db/risk"),
        (
            "postgresql://ann@db/risk?password=s3cret&sslmode=require",
            "postgresql+psycopg://ann@db/risk?password=***&sslmode=require",
        ),
        (
            "postgresql://ann@db/risk?sslmode=require&sslpassword=s3cret",
            "postgresql+psycopg://ann@db/risk?sslmode=require&sslpassword=***",
        ),
    ],
)
def test_a_password_is_neither_shown_nor_printed(written, value):
    environ = {"SEAWALL_DATABASE_URL": written}

    shown = row("SEAWALL_DATABASE_URL", environ)

    assert shown.value == value
    assert "s3cret" not in repr(load_settings(environ, NOWHERE))
