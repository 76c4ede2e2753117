"""`seawall proposals`: what waits, who must agree, and what became of it."""

import json
import pwd
from datetime import timedelta
from types import SimpleNamespace

import pytest

from risk.commands import people as module
from risk.config import load_settings
from risk.domain.actors import Actor, Role, Via
from risk.engine.clock import wall_time
from risk.storage.engines import open_engines
from tests.builders import NOON
from tests.commands.test_policy import PORTFOLIO, TIGHTER, take_in
from tests.policy_files import FILE, VAR
from tests.storage.persons import hired

LOOSER = FILE.replace("hard = 0.06", "hard = 0.08")


@pytest.fixture
def book(run, monkeypatch, home):
    """A book with a policy in force, and people with logins."""
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_name="root"))
    run("migrate")
    run("portfolios", "add", PORTFOLIO)
    file = home / "policy.toml"
    file.write_text(FILE)
    assert run("policy", "import", file, "--yes").exit_code == 0
    take_in()
    engines = open_engines(load_settings().database_url)
    for name, role in PEOPLE.items():
        hired(engines, name, role)
    engines.dispose()
    return file


PEOPLE = {"olga": Role.OFFICER, "otto": Role.OFFICER, "anna": Role.ANALYST, "theo": Role.TRADER}


@pytest.fixture
def signed_in(monkeypatch):
    """Lets somebody be signed in on the command line, who has just proved it."""

    def sign_in(name: str) -> None:
        actor = Actor(name=name, role=PEOPLE[name], via=Via.COMMAND_LINE, proven_at=wall_time())
        monkeypatch.setattr(module.Desk, "actor", lambda _desk: actor)

    return sign_in


def test_what_loosens_waits_and_holds_once_another_officer_has_approved(run, book, signed_in):
    signed_in("olga")
    book.write_text(LOOSER)
    proposed = run("policy", "import", book, "--yes", "--reason", "calmer now")
    assert proposed.exit_code == 0
    assert proposed.stdout.endswith(
        "Proposal 2 waits for an officer other than olga, since it loosens: "
        f"`seawall proposals approve 2`. It lapses on {proposed.stdout[-12:-2]}.\n"
    )
    refused = run("proposals", "approve", 2, "--reason", "mine")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "Error: refused: proposal 2 loosens, and is your own: another officer must approve it\n",
    )

    signed_in("otto")
    shown = run("proposals", "show", 2).stdout
    assert "Proposal 2 of demo, by olga: calmer now" in shown
    assert f"! limit {VAR}: hard 0.06 -> 0.08 (looser)" in shown
    approved = run("proposals", "approve", 2, "--reason", "agreed")
    assert approved.stdout == "Proposal 2 holds for demo from the engine's next cycle on.\n"
    take_in()

    history = run("policy", "history").stdout
    assert "otto" in history
    assert "alone, nobody has a login" in history
    assert "approved by otto" in run("proposals", "show", 2).stdout


def test_an_officers_tightening_holds_at_once_and_an_analysts_waits(run, book, signed_in):
    signed_in("olga")
    book.write_text(TIGHTER)
    told = run("policy", "import", book, "--yes", "--reason", "a storm").stdout
    assert told.endswith("demo will have it as version 2 from the engine's next cycle on.\n")
    take_in()

    signed_in("anna")
    book.write_text(TIGHTER.replace("soft = 0.03", "soft = 0.02"))
    told = run("policy", "import", book, "--yes", "--reason", "a storm").stdout
    assert "Proposal 3 waits for an officer: `seawall proposals approve 3`." in told
    assert "approving a change is not for an analyst" in (
        run("proposals", "approve", 3, "--reason", "mine").stderr
    )


def test_a_reason_is_asked_for_once_somebody_has_a_login(run, book, signed_in):
    signed_in("anna")
    book.write_text(LOOSER)
    for command in (
        ("policy", "import", book, "--yes"),
        ("limits", "restore", VAR),
        ("var", "use", "adaptive"),
    ):
        refused = run(*command)
        assert refused.exit_code == 2
        assert "say why with --reason" in refused.stderr


def test_a_trader_asks_for_a_temporary_limit_and_nothing_else(run, book, signed_in):
    signed_in("theo")
    asked = ("limits", "raise", VAR, "--hard", 0.09, "--reason", "the roll", "--until")
    tomorrow = NOON + timedelta(days=1)
    assert "since it loosens" in run(*asked, tomorrow.isoformat()).stdout
    assert "may be for 30 days at the most" in run(*asked, "2040-01-01").stderr
    refused = run("var", "use", "adaptive", "--reason", "better")
    assert refused.exit_code == 2
    assert "proposing limits, breakers or a model is not for a trader" in refused.stderr


def test_a_model_waits_for_a_second_person(run, book, signed_in):
    signed_in("olga")
    told = run("var", "use", "adaptive", "--reason", "better")

    assert "Proposal 2 waits for an officer other than olga" in told.stdout


def test_what_waits_is_listed_and_what_is_decided_on_demand(run, book, signed_in):
    signed_in("anna")
    assert run("proposals", "list").stdout.startswith("Nothing waits.")
    book.write_text(LOOSER)
    run("policy", "import", book, "--yes", "--reason", "calmer now")
    assert f"limit {VAR}: hard 0.06 -> 0.08 (looser)" in run("proposals", "list").stdout
    (document,) = json.loads(run("proposals", "list", "--json").stdout)["proposals"]
    assert (document["id"], document["author"], document["direction"], document["status"]) == (
        2, "anna", "loosens", "open",
    )  # fmt: skip
    assert document["loosens"] == document["what"]
    assert json.loads(run("proposals", "show", 2, "--json").stdout) == document

    withdrawn = run("proposals", "withdraw", 2, "--reason", "not yet")
    assert withdrawn.stdout == "Proposal 2 of demo is withdrawn.\n"
    assert json.loads(run("proposals", "list", "--json").stdout)["proposals"] == []
    assert len(json.loads(run("proposals", "list", "--all", "--json").stdout)["proposals"]) == 2
    late = run("proposals", "withdraw", 2, "--reason", "no")
    assert late.exit_code == 2
    assert "proposal 2 is decided: withdrawn by anna" in late.stderr


def test_a_mistyped_number_takes_nobody_elses_proposal_away(run, book, signed_in):
    signed_in("anna")
    book.write_text(LOOSER)
    run("policy", "import", book, "--yes", "--reason", "calmer now")
    signed_in("olga")
    told = run("proposals", "withdraw", 2, "--reason", "no longer needed")

    assert told.exit_code == 2
    assert "proposal 2 is anna's: only its author withdraws it" in told.stderr
    assert len(json.loads(run("proposals", "list", "--json").stdout)["proposals"]) == 1


def test_an_officer_rejects(run, book, signed_in):
    signed_in("anna")
    book.write_text(LOOSER)
    run("policy", "import", book, "--yes", "--reason", "calmer now")
    signed_in("olga")

    assert run("proposals", "reject", 2, "--reason", "no").stdout == (
        "Proposal 2 of demo is rejected.\n"
    )


def test_an_earlier_version_is_proposed_again(run, book, signed_in):
    signed_in("olga")
    book.write_text(TIGHTER)
    run("policy", "import", book, "--yes", "--reason", "a storm")
    take_in()
    told = run("proposals", "revert", 1, "--reason", "it is over")

    assert told.stdout.startswith(f"limit {VAR}: hard 0.05 -> 0.06 (looser)\nProposal 3 waits")
    assert "there was no version 9" in run("proposals", "revert", 9, "--reason", "x").stderr


def test_what_there_is_not_is_refused(run, book, signed_in):
    signed_in("theo")
    refused = run("proposals", "show", 9)

    assert (refused.exit_code, refused.stderr) == (2, "Error: demo has no proposal 9\n")
