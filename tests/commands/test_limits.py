"""`seawall limits`: how full each one is, and other thresholds for a while."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from risk.config import load_settings
from risk.domain.limits import LimitState, LimitStatus, Thresholds
from risk.domain.policy import Policy
from risk.storage.actions import SqlActions
from risk.storage.engines import open_engines
from risk.storage.store import SqlStore
from tests.builders import NOON, build_record
from tests.policy_files import FILE, ON_BTC, VAR, policy_of
from tests.storage.rows import lease_token

PORTFOLIO = "demo"
LATER = NOON + timedelta(hours=4)
VAR_STANDS = LimitState(
    thresholds=Thresholds(0.05, 0.025, 0.9, "drawdown"),
    status=LimitStatus.SOFT,
    value=0.04,
    since=NOON,
    episode="e1",
    at=NOON,
)


@pytest.fixture
def book(run):
    run("migrate")
    run("portfolios", "add", PORTFOLIO)


@pytest.fixture
def lived(book):
    """A cycle after which the policy of the file is in force."""
    save(replace(policy_of(), version=1, temporary=()))


def save(policy: Policy | None, var: LimitState | None = None) -> None:
    engines = open_engines(load_settings().database_url)
    record = build_record(1)
    state = replace(record.state, policy=policy, limits={VAR: var or VAR_STANDS}, at=NOON)
    SqlStore(engines).save(replace(record, state=state), token=lease_token(engines, PORTFOLIO))
    engines.dispose()


def asked():
    engines = open_engines(load_settings().database_url)
    found = list(SqlActions(engines, PORTFOLIO).after(0))
    engines.dispose()
    return found


# --- list ----------------------------------------------------------------------------------


def test_every_limit_is_listed_with_what_was_measured_or_a_word_that_it_was_not(run, lived):
    told = run("limits", "list").stdout
    lines = {line.split("  ")[0]: line for line in told.splitlines()}

    assert set(lines) == {"limit", *(limit.name for limit in policy_of().limits)}
    assert all(word in lines[VAR] for word in ("0.04", "0.025", "0.05", "80%", "soft"))
    assert "asset:BTC/USDT" in lines[ON_BTC]
    assert "not measured" in lines[ON_BTC]


def test_the_list_is_one_document_for_programs(run, lived):
    document = json.loads(run("limits", "list", "--json").stdout)
    var = next(each for each in document["limits"] if each["name"] == VAR)

    assert (document["portfolio"], document["policy"]) == (PORTFOLIO, 1)
    assert document["at"] == NOON.isoformat(timespec="seconds")
    assert var == {
        "name": VAR,
        "scope": "portfolio",
        "kind": "value_at_risk",
        "unit": "share of equity",
        "value": 0.04,
        "soft": 0.025,
        "hard": 0.05,
        "used": pytest.approx(0.8),
        "status": "soft",
        "cause": VAR_STANDS.thresholds.cause,
    }
    assert all(each["value"] is None for each in document["limits"] if each["name"] != VAR)


def test_a_book_without_a_policy_says_that_it_may_not_trade(run, book):
    assert "demo has no policy in force: nothing may be traded" in run("limits", "list").stdout
    document = json.loads(run("limits", "list", "--json").stdout)
    assert (document["policy"], document["at"], document["limits"]) == (None, None, [])


@pytest.mark.parametrize(
    ("cause", "end"),
    [("as defined", "80% inside"), ("regime stressed", "80% inside regime stressed")],
)
def test_the_list_says_what_moved_a_threshold_and_calls_statuses_as_screens_do(
    run, book, cause, end
):
    thresholds = VAR_STANDS.thresholds._replace(cause=cause)
    stands = VAR_STANDS._replace(status=LimitStatus.WITHIN, thresholds=thresholds)
    save(replace(policy_of(), version=1, temporary=()), stands)

    told = run("limits", "list").stdout.splitlines()
    (line,) = (" ".join(line.split()) for line in told if line.startswith(VAR))
    assert line.endswith(end)


def test_a_policy_that_waits_for_the_engine_is_not_told_as_none(run, book, tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text(FILE)
    run("policy", "import", file, "--yes")

    told = run("limits", "list").stdout
    assert "nothing may be traded. Version 1 waits for the engine's next cycle." in told


# --- raise and restore ---------------------------------------------------------------------


def raised(run, *options: object, limit: str = VAR, until: datetime | str = LATER):
    told = until if isinstance(until, str) else until.isoformat()
    needed = ("--hard", 0.08, "--until", told, "--reason", "the roll")
    return run("limits", "raise", limit, *needed, *options)


def test_a_limit_is_raised_for_a_while_with_its_soft_threshold_as_far_below(run, lived):
    told = raised(run).stdout
    (action,) = asked()

    assert (action.hard, action.soft, action.starts) == (0.08, 0.04, None)
    assert (action.expires, action.reason) == (LATER, "the roll")
    assert f"temporary limit {VAR} from " in told
    assert "(looser), hard 0.08, soft 0.04" in told
    assert "It holds for demo from the engine's next cycle on." in told


def test_times_without_a_zone_are_utc_and_others_are_kept(run, lived):
    raised(run, "--starts", "2031-01-31T12:00+02:00", "--soft", 0.07, until="2031-01-31T12:00")
    (action,) = asked()

    assert action.starts == datetime(2031, 1, 31, 10, tzinfo=UTC)
    assert action.expires == datetime(2031, 1, 31, 12, tzinfo=UTC)
    assert action.soft == 0.07


def test_a_limit_is_restored_before_its_time(run, lived):
    raised(run)
    told = run("limits", "restore", VAR).stdout

    assert "removed (tighter)" in told
    assert [type(action).__name__ for action in asked()] == [
        "SetTemporaryLimit", "EndTemporaryLimit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"until": "tomorrow"}, "--until 'tomorrow' is no time"),
        ({"until": NOON}, "would have expired before now"),
        ({"limit": "value_at_risk"}, f"did you mean {VAR}?"),
    ],
)
def test_what_cannot_be_raised_is_refused_in_one_sentence(run, lived, options, told):
    result = raised(run, **options)

    assert result.exit_code == 2
    assert told in result.stderr
    assert asked() == []


@pytest.mark.parametrize("hard", ["nan", "inf", "-1", "0.01"])
def test_a_threshold_that_is_none_is_refused(run, lived, hard):
    result = run(
        "limits", "raise", VAR, "--hard", hard, "--soft", 0.02, "--until", LATER.isoformat(),
        "--reason", "the roll",
    )  # fmt: skip

    assert result.exit_code == 2
    assert "needs thresholds 0 <= soft <= hard" in result.stderr


def test_a_limit_that_is_as_defined_cannot_be_restored(run, lived):
    result = run("limits", "restore", VAR)

    assert result.exit_code == 2
    assert "as defined already" in result.stderr


@pytest.mark.parametrize("arguments", [["restore", VAR], ["list"]])
def test_a_portfolio_that_is_not_there_is_refused(run, book, arguments):
    refused = run("limits", *arguments, "--portfolio", "dmo")

    assert refused.exit_code == 2
    assert "did you mean demo?" in refused.stderr


def test_without_a_policy_there_is_nothing_to_raise(run, book):
    result = raised(run, until="2099-01-01")

    assert result.exit_code == 2
    assert "the book has none yet: adopt one first" in result.stderr


def test_a_temporary_limit_of_a_file_can_be_restored_by_its_name(run, book):
    save(replace(policy_of(FILE.replace("2027-02-01T12", "2097-02-01T12")), version=1))

    assert run("limits", "restore", VAR).exit_code == 0
