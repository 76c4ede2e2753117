"""`seawall policy`: a file is checked, compared, confirmed, adopted, exported and remembered."""

import pwd
import resource
from types import SimpleNamespace

import pytest

from risk.commands import policy as module
from risk.config import load_settings
from risk.domain.ports import AccountReading, MarketReading
from risk.engine.cycle import take_cycle
from risk.storage.actions import SqlActions
from risk.storage.engines import open_engines
from risk.storage.lease import SqlLeaseOffice
from risk.storage.store import SqlStore
from tests.builders import NOON
from tests.engine.worlds import nothing_yet
from tests.policy_files import FILE

PORTFOLIO = "demo"
TIGHTER = FILE.replace("hard = 0.06", "hard = 0.05")


@pytest.fixture
def book(run, monkeypatch, home):
    """A database with the portfolio of the settings, and a file of its policy."""
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_name="anna"))
    run("migrate")
    run("portfolios", "add", PORTFOLIO)
    file = home / "policy.toml"
    file.write_text(FILE)
    return file


def take_in() -> None:
    """Let the engine take one cycle."""
    engines = open_engines(load_settings().database_url)
    store = SqlStore(engines)
    carried = store.load(PORTFOLIO) or nothing_yet(("BTC",))
    actions = SqlActions(engines, PORTFOLIO).after(carried.state.action_seq)
    market = MarketReading(at=NOON, marks={})
    record = take_cycle(carried, market, AccountReading(), actions=actions)
    office = SqlLeaseOffice(engines)
    lease = office.acquire(PORTFOLIO, "test")
    store.save(record, token=lease.token)
    office.release(lease)
    engines.dispose()


# --- importing -----------------------------------------------------------------------------


def test_an_import_shows_what_it_changes_asks_and_waits_for_the_engine(run, book):
    result = run("policy", "import", book, answer="y\n")

    assert result.exit_code == 0
    assert "demo has no policy yet: until one is adopted nothing may be traded." in result.stdout
    assert "limit value_at_risk portfolio: added (tighter), kind value_at_risk" in result.stdout
    assert "17 differences: 4 tighter, 7 looser, 6 neither." in result.stdout
    assert "demo will have it as version 1 from the engine's next cycle on." in result.stdout
    assert "waits for the engine" in run("policy", "history").stdout


def test_without_a_yes_nothing_is_adopted(run, book):
    result = run("policy", "import", book, answer="n\n")

    assert result.exit_code == 1
    assert "Nobody has asked anything" in run("policy", "history").stdout


def test_only_what_is_different_is_shown_and_which_way_it_goes(run, book):
    run("policy", "import", book, "--yes")
    take_in()
    book.write_text(TIGHTER)
    told = run("policy", "diff", book).stdout

    assert told == (
        "limit value_at_risk portfolio: hard 0.06 -> 0.05 (tighter)\n1 difference: 1 tighter.\n"
    )


def test_the_same_file_again_changes_nothing(run, book):
    run("policy", "import", book, "--yes")
    again = run("policy", "import", book, "--yes")

    assert again.exit_code == 0
    assert "Compared with what waits for the engine, asked by anna" in again.stdout
    assert "Nothing would change: demo has this policy already." in again.stdout


def test_whoever_confirms_too_late_is_told_who_was_first(run, book, monkeypatch):
    def meanwhile(*_arguments, **_options):
        run("policy", "import", book, "--yes")

    late = book.with_name("late.toml")
    late.write_text(TIGHTER)
    monkeypatch.setattr(module.click, "confirm", meanwhile)
    result = run("policy", "import", late)

    assert result.exit_code == 2
    assert "version 1, by " in result.stderr
    assert "compare with the one in force first" in result.stderr


def test_a_file_of_an_older_version_says_that_it_would_undo_what_came_since(run, book, home):
    run("policy", "import", book, "--yes")
    take_in()
    run("policy", "export", home / "one.toml")
    book.write_text(TIGHTER)
    run("policy", "import", book, "--yes")
    take_in()
    told = run("policy", "diff", home / "one.toml").stdout

    assert "made from version 1; version 2 is in force" in told
    assert "hard 0.05 -> 0.06 (looser)" in told


# --- exporting -----------------------------------------------------------------------------


def test_what_is_exported_can_be_imported_and_is_no_change(run, book, home):
    run("policy", "import", book, "--yes")
    take_in()
    printed = run("policy", "export").stdout
    written = run("policy", "export", home / "out.toml")

    assert written.stdout == f"Wrote version 1 of demo's policy to {home / 'out.toml'}.\n"
    assert (home / "out.toml").read_text() == printed
    assert printed.startswith('version = 1\nby = "anna (command line)"\n')
    assert "Nothing would change" in run("policy", "diff", home / "out.toml").stdout


def test_an_earlier_version_is_exported_by_its_number(run, book):
    for text in (FILE, TIGHTER):
        book.write_text(text)
        run("policy", "import", book, "--yes")
        take_in()

    assert "hard = 0.06" in run("policy", "export", "--version", 1).stdout
    assert "hard = 0.05" in run("policy", "export", "--version", 2).stdout
    missing = run("policy", "export", "--version", 3)
    assert (missing.exit_code, missing.stderr) == (2, "Error: demo had no version 3\n")


def test_a_file_that_is_there_is_not_written_over_unasked(run, book):
    run("policy", "import", book, "--yes")
    take_in()

    refused = run("policy", "export", book)
    assert refused.exit_code == 2
    assert "is there already; --force writes over it" in refused.stderr
    assert run("policy", "export", book, "--force").exit_code == 0
    assert book.read_text().startswith("version = 1")


@pytest.fixture
def full_disk(monkeypatch):
    """From the moment at which a policy is written, no file may grow beyond a hundred bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    text_of = module.policy_text

    def fill_up(policy):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        return text_of(policy)

    monkeypatch.setattr(module, "policy_text", fill_up)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_a_full_disk_costs_no_file_and_leaves_no_half_of_one(run, book, home, full_disk, options):
    run("policy", "import", book, "--yes")
    take_in()
    there, new = book.read_text(), home / "new.toml"
    files = sorted(home.iterdir())

    refused = run("policy", "export", book if options else new, *options)

    assert refused.exit_code == 2
    assert "cannot be written: File too large" in refused.stderr
    assert book.read_text() == there
    assert [file for file in sorted(home.iterdir()) if file.suffix != ".db"] == [
        file for file in files if file.suffix != ".db"
    ]


def test_a_book_without_a_policy_has_none_to_export(run, book):
    refused = run("policy", "export")

    assert refused.exit_code == 2
    assert "demo has no policy yet" in refused.stderr


# --- checking ------------------------------------------------------------------------------


def test_a_sound_file_is_counted_without_a_database(run, home):
    file = home / "policy.toml"
    file.write_text(FILE.replace("2027-06-30", "2020-06-30"))
    told = run("policy", "check", file).stdout

    assert "5 limits, 0 breakers, 2 instruments, 2 strategies, 1 temporary limit." in told
    assert "net_exposure asset BTC/USDT should have been reviewed by 2020-06-30." in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a = \n", "the file is not TOML"),
        (b"[limit]\n", "did you mean limits"),
        (b"\xff", "is not text in UTF-8"),
    ],
)
@pytest.mark.parametrize("command", ["check", "diff", "import"])
def test_what_is_no_policy_is_refused_in_one_sentence(run, book, command, content, told):
    book.write_bytes(content)
    refused = run("policy", command, book)

    assert refused.exit_code == 2
    assert told in refused.stderr


@pytest.mark.parametrize("command", ["check", "diff", "import"])
def test_a_file_larger_than_any_policy_is_not_read(run, book, home, command):
    large = home / "large.toml"
    large.write_text(FILE + "#" * 1_000_000)

    refused = run("policy", command, large)

    assert refused.exit_code == 2
    assert "is larger than any policy: 1,000,000 bytes at most" in refused.stderr


def test_a_mark_before_the_text_does_not_matter(run, home):
    marked = home / "marked.toml"
    marked.write_text(FILE, encoding="utf-8-sig")

    assert run("policy", "check", marked).exit_code == 0


def test_a_file_that_is_not_there_is_refused(run, home):
    refused = run("policy", "check", home / "none.toml")

    assert refused.exit_code == 2
    assert "cannot be read: No such file or directory" in refused.stderr


def test_a_folder_that_is_not_there_cannot_be_written_into(run, book, home):
    run("policy", "import", book, "--yes")
    take_in()
    refused = run("policy", "export", home / "none" / "out.toml")

    assert refused.exit_code == 2
    assert "cannot be written: No such file" in refused.stderr


# --- history -------------------------------------------------------------------------------


def test_the_history_says_who_asked_for_what_and_what_became_of_it(run, book):
    run("policy", "import", book, "--yes")
    take_in()
    told = run("policy", "history").stdout

    assert "anna (command line)" in told
    assert "adopt a policy of 5 limits" in told
    assert "version 1" in told


@pytest.mark.parametrize(
    "command", [["export"], ["history"], ["diff", "policy.toml"], ["import", "policy.toml"]]
)
def test_a_portfolio_that_is_not_there_is_refused(run, book, command):
    refused = run("policy", *command, "--portfolio", "dmo")

    assert refused.exit_code == 2
    assert "no portfolio is called 'dmo'; did you mean demo?" in refused.stderr


def test_without_a_database_none_is_made(run, home):
    result = run("policy", "history")

    assert result.exit_code == 1
    assert "there is no database at" in result.stderr
    assert list(home.rglob("*.db")) == []
