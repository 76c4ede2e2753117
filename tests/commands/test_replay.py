"""`seawall replay` leads books of the demo's strategies through a price file."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from risk.commands import replay as module
from risk.commands.group import seawall
from risk.domain.market import Period
from risk.domain.policy import Policy
from risk.errors import InvalidInput
from risk.lab.replay.rules import UpTo
from risk.lab.strategies import STRATEGIES
from tests.lab.replay.markets import ASSETS, BEGIN, prices

BOOKS = [
    "managed", "unmanaged", "half_size", "same_exposure", "equal_volatility", "random_halts"
]  # fmt: skip
DAY = timedelta(days=1)


def wide(table: np.ndarray, *, step: timedelta = DAY) -> str:
    """A wide price file of these closes."""
    lines = [
        ",".join([f"{BEGIN + n * step:%Y-%m-%dT%H:%M}", *map(str, row)])
        for n, row in enumerate(table.tolist())
    ]
    return "\n".join([",".join(["date", *ASSETS]), *lines]) + "\n"


# Days, since an hour of a file takes as long as a day of it. The last 43 are lived through.
TABLE = prices(193, seed=4, volatility=0.03)


@pytest.fixture
def replay(run, home):
    (home / "prices.csv").write_text(wide(TABLE))

    def answered(*arguments, strategy="noise"):
        begin = ("replay", "--prices", "prices.csv", "--strategy", strategy)
        return run(*begin, "--processes", 1, *arguments)

    return answered


def answered_in_json(folder, text, *what):
    """The whole of what a replay through such a file prints."""
    (folder / "prices.csv").write_text(text)
    begin = ["replay", "--prices", str(folder / "prices.csv"), *what]
    result = CliRunner().invoke(seawall, [*begin, "--processes", "1", "--json"])
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def daily(tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    return answered_in_json(folder, wide(TABLE), "--strategy", "noise")


def test_hours_tell_breakers_what_days_do_not(tmp_path):
    table = prices(24 * (len(TABLE) - 100), seed=4)
    hours = wide(table, step=timedelta(hours=1))
    # What books do in hours is tests/lab/replay's: here, six of them would take a minute.
    document = answered_in_json(tmp_path, hours, "--only-breakers")

    assert_breakers(document["breakers"], hours=True)


def test_json_holds_runs_breakers_and_limits(daily):
    assert list(daily) == ["runs", "breakers", "limits"]
    assert_breakers(daily["breakers"], hours=False)
    assert [run["book"] for run in daily["runs"]] == BOOKS
    for run in daily["runs"]:
        assert list(run)[:6] == [
            "strategy", "book", "sharpe", "volatility", "max_drawdown", "intervals"
        ]  # fmt: skip
        assert run["strategy"] == "noise"
        assert list(run["intervals"]) == ["sharpe", "volatility", "max_drawdown"]
        low, high = run["intervals"]["volatility"]
        assert 0.0 < low <= run["volatility"] * 1.5
        assert low < high
        assert run["max_drawdown"] > 0.0
    for limit in daily["limits"]:
        assert {"limit", "potential", "prevented", "worst_overshoot"} <= set(limit)
        assert limit["order_caused_managed"] == 0
        causes = limit["order_caused"]["potential"] + limit["drift_caused"]["potential"]
        assert causes == limit["potential"]


def assert_breakers(breakers, *, hours):
    """Those of whoever names none, over the market; hours are what volatility is measured from."""
    by = {each["breaker"]: each for each in breakers}
    tier = by["Market fall"]

    assert {"union of all", "drawdown ladder"} <= set(by)
    assert ("union of volatility halts" in by) is hours
    assert by["Drawdown"]["measured"] == 1.0
    assert tier["measured"] == (1.0 if hours else 0.0)
    for each in breakers:
        assert next(iter(each)) == "breaker"
        assert {
            "trips", "false_per_calm_day", "calm_time_shut", "recall", "technical_false"
        } <= set(each)  # fmt: skip
        if each["measured"] == 0.0:
            assert each["false_per_calm_day"] is each["recall"] is each["calm_time_shut"] is None
        else:
            assert each["false_per_calm_day"] >= 0.0
            assert 0.0 <= each["calm_time_shut"] <= 1.0
        assert each["base_rates"]["calm_days"] > 0
        assert each["within_bars"] is None  # a file of closes has no lows
        assert each["overdue"] == 0


def test_breakers_alone_need_no_strategy_and_say_what_days_tell_nothing_of(replay, home):
    told = replay("--only-breakers", "--breakers-per-asset", strategy="noise").stdout
    alone = json.loads(replay("--only-breakers", "--json").stdout)

    assert alone["runs"] == alone["limits"] == []
    assert {"Drawdown", "Daily loss"} <= {each["breaker"] for each in alone["breakers"]}
    assert "market: 133 days, " in told
    assert "never to be measured from these prices: Market volatility" in told
    assert "BTC volatility, tier 1" in told
    assert "Sigma: the root of 24 times the 60-day average" in told
    assert "nan" not in told


def test_a_person_reads_tables_and_how_to_read_them(replay):
    told = replay().stdout

    assert "noise, 2024-05-31 to 2024-07-12; answers to orders:" in told
    for book in BOOKS:
        assert book in told
    assert "daily loss" in told
    assert "Potential: crossings of the hard limit in the unmanaged book" in told
    assert "nan" not in told


@pytest.mark.slow
def test_all_strategies_are_replayed_side_by_side_as_each_would_be_alone(replay, daily):
    together = json.loads(replay("--json", "--processes", 2, strategy="all").stdout)

    for part in ("runs", "limits"):
        assert [each for each in together[part] if each["strategy"] == "noise"] == daily[part]
    assert [run["strategy"] for run in together["runs"][::6]] == [*STRATEGIES, "all"]


def test_the_seed_decides_the_intervals_and_nothing_else(replay, daily):
    other = json.loads(replay("--json", "--seed", 1).stdout)
    # Random halts are the seed's own.
    for one, two in zip(daily["runs"][:-1], other["runs"][:-1], strict=True):
        for name in ("sharpe", "volatility", "max_drawdown"):
            assert one[name] == two[name]
        assert one["intervals"] != two["intervals"]
    assert daily["limits"] == other["limits"]


def test_what_comes_after_the_end_changes_nothing(replay, home):
    until = ("--json", "--to", "2024-07-11")
    whole = replay(*until).stdout
    (home / "prices.csv").write_text(wide(TABLE[:-1]))

    assert json.loads(replay(*until).stdout) == json.loads(whole)


@pytest.fixture
def policy(home):
    """A policy file under which noise may trade BTC and nothing else."""
    scopes = '["portfolio", "strategy:noise", "venue:sim-a", "asset:BTC"]'
    (home / "policy.toml").write_text(
        f"""
        [instruments]
        BTC = {{}}
        [strategies]
        noise = "dice"
        [[limits]]
        kind = "gross_exposure"
        on = {scopes}
        hard = 0.05
        """
    )
    return home / "policy.toml"


def test_a_policy_s_own_limits_are_replayed(replay, policy):
    result = replay("--json", "--policy", "policy.toml")
    found = json.loads(result.stdout)

    assert {limit["hard"] for limit in found["limits"]} == {0.05}
    assert result.stderr == "the policy does not let these be traded: ETH, XRP\n"
    assert max(limit["potential"] for limit in found["limits"]) > 0


def test_what_held_the_managed_book_back_is_told_the_most_frequent_first(replay, policy):
    """A file of closes has no volumes: a limit on them refuses everything, and that is said."""
    policy.write_text(
        policy.read_text()
        + """
        [[limits]]
        kind = "order_volume_share"
        on = "portfolio"
        hard = 0.02
        """
    )
    heading, causes = replay("--policy", "policy.toml").stdout.splitlines()[:2]

    assert heading.endswith("answers to orders: none")
    assert causes.startswith("held back by: ")
    assert " x order_volume_share portfolio (not_measured)" in causes
    assert " x asset_not_allowed" not in causes
    assert " (asset_not_allowed)" in causes


def test_of_a_strategy_that_wanted_nothing_that_is_said(replay):
    """Days are too few for its month of hours."""
    heading, after = replay(strategy="trend").stdout.splitlines()[:2]

    assert heading.endswith("answers to orders: none, it wanted to trade nothing")
    assert after.startswith("book")


def test_a_policy_that_does_not_know_the_strategy_is_refused(replay, policy):
    result = replay("--policy", "policy.toml", strategy="trend")

    assert result.exit_code == 2
    assert "the policy lets nobody called trend trade" in result.stderr


def test_a_policy_of_other_assets_is_refused(replay, policy):
    policy.write_text(policy.read_text().replace("BTC", "GOLD"))
    result = replay("--policy", "policy.toml")

    assert result.exit_code == 2
    assert "names none of the assets that the prices are of: BTC, ETH, XRP" in result.stderr


def test_a_policy_file_that_is_none_is_refused_in_one_sentence(replay, home):
    (home / "policy.toml").write_text("limits = 5")
    result = replay("--policy", "policy.toml")

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert replay("--policy", "gone.toml").exit_code == 2


def test_without_a_strategy_there_must_be_breakers_alone(run, replay):
    result = run("replay", "--prices", "prices.csv")

    assert result.exit_code == 2
    assert "name a strategy, or all, with --strategy; or --only-breakers" in result.stderr


def test_an_unknown_strategy_is_refused_with_the_names_of_those_there_are(replay):
    result = replay(strategy="oracle")

    assert result.exit_code == 2
    assert "no strategy is called 'oracle'; there are trend, dip, noise, all" in result.stderr


@pytest.mark.parametrize(
    "cut", [("--from", "2024-07-01"), ("--to", "2024-06-10"), ("--from", "2030-01-01")]
)
def test_too_few_days_are_refused_with_how_many_there_are(replay, cut):
    result = replay(*cut)

    assert result.exit_code == 2
    assert "and 40 are needed" in result.stderr


def test_a_file_without_one_good_bar_is_refused(replay, home):
    (home / "prices.csv").write_text("date,BTC\n2024-01-01,-1\n2024-01-02,0\n2024-01-03,-2\n")
    result = replay()

    assert result.exit_code == 2
    assert "no bar that can be believed" in result.stderr


def test_a_file_that_is_not_there_is_refused(run):
    result = run("replay", "--prices", "gone.csv", "--strategy", "all", "--json")

    assert result.exit_code == 2
    assert result.stdout == ""


def test_once_a_replay_has_failed_no_other_one_begins(monkeypatch):
    """Threads in place of processes; whatever has begun waits until the pool is closed."""
    began, closing = [], Event()

    class Threads(ThreadPoolExecutor):
        def __init__(self, _processes, *, mp_context, initializer, initargs):
            super().__init__(1)

        def shutdown(self, wait=True, *, cancel_futures=False):
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            closing.set()
            super().shutdown(wait=wait)

    def replayed(task):
        began.append(task.strategy)
        if task.strategy == "broken":
            raise InvalidInput("it broke")
        closing.wait()

    monkeypatch.setattr(module, "ProcessPoolExecutor", Threads)
    monkeypatch.setattr(module, "_done_apart", replayed)
    begin = BEGIN + 150 * DAY
    tasks = [
        module.Task(name, Policy(), begin, begin + 40 * DAY, 0, UpTo.SOFT)
        for name in ("broken", *["sound"] * 9)
    ]
    bars = SimpleNamespace(period=Period.DAY)

    with pytest.raises(InvalidInput, match="it broke"):
        module._work(tasks, bars, 2)

    assert began in (["broken"], ["broken", "sound"])
