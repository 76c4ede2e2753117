"""`seawall breakers override | reviews | review`: overruling one for a while, and after."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest

from risk.commands import changing
from risk.commands import overrides as module
from risk.domain.actions import OverrideBreaker, ReleaseBreaker
from risk.domain.changing import Braking
from risk.domain.events import BreakerOverridden, OverrideEnded, Severity
from risk.domain.messages import CommandAnswer
from risk.domain.overrides import Override, OverrideKind
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.errors import GateClosed, StoreUnavailable
from tests.builders import NOON
from tests.commands.standing import POLICY, PORTFOLIO, asked, save
from tests.tripped import HOUR, armed, tripped

FALL = "market fall"
EPISODE = f"{FALL}/1"
DEFINED = POLICY.breakers[0]
#: Its pause is over at 01:12, as the policy has it.
SHUT = tripped(DEFINED, until=NOON + 13.2 * HOUR)
WHY = ("--reason", "the news were false", "--who", "ana")
WHOLE = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)


@pytest.fixture
def book(run):
    run("migrate")
    run("portfolios", "add", PORTFOLIO)


@pytest.fixture
def shut(book) -> None:
    save({FALL: SHUT})


def override(run, kind: str, *arguments: object, answer: str | None = None):
    return run("breakers", "override", FALL, kind, *WHY, *arguments, answer=answer)


# --- override ------------------------------------------------------------------------------


def test_who_overrides_sees_how_it_stands_and_what_it_does_and_is_asked(run, shut):
    told = override(run, "step-down", "--for", 2, "--size", 0.5, answer="market fall 50\n").stdout

    assert "tripped: REDUCE ONLY" in told
    assert (
        "New risk in portfolio:demo passes at 50 % of size at once, until 2024-01-01 14:00" in told
    )
    assert "Type MARKET FALL 50 to confirm" in told
    assert "is to be judged by somebody else from 2024-01-02 09:00 UTC on" in told
    (action,) = asked()
    assert isinstance(action, OverrideBreaker)
    assert (action.kind, action.size, action.expires) == (
        OverrideKind.STEP_DOWN,
        0.5,
        NOON + 2 * HOUR,
    )
    assert (action.who, action.seen_episode, action.seen_action) == ("ana", EPISODE, 0)
    assert (action.seen_retrips, action.seen_value) == (0, SHUT.reading.value)


def test_what_loosens_is_shown_and_confirmed_by_its_phrase_whatever_was_seen(run, shut):
    step_down = ("step-down", "--for", 2, "--size", 0.5, "--seen", EPISODE)

    for typed in ("y\n", "MARKET FALL 5\n"):
        refused = override(run, *step_down, answer=typed)
        assert (refused.exit_code, "tripped: REDUCE ONLY" in refused.stdout) == (2, True)
        assert "'MARKET FALL 50' was to be typed" in refused.stderr
    assert override(run, *step_down).exit_code == 1, "nobody answers"
    assert override(run, *step_down, "--confirm", "DISABLE MARKET FALL").exit_code == 2
    assert asked() == []

    told = override(run, "disable", "--for", 2, "--confirm", "disable market fall")
    assert (told.exit_code, "stops nothing from now on until" in told.stdout) == (0, True)
    assert asked()[0].kind is OverrideKind.DISABLE


def test_an_episode_that_tripped_again_since_it_was_seen_is_not_loosened(run, book):
    save({FALL: SHUT._replace(episode=SHUT.episode._replace(retrips=1))})
    disable = ("disable", "--for", 1, "--confirm", "DISABLE MARKET FALL", "--seen", EPISODE)

    late = override(run, *disable)
    assert (late.exit_code, "has tripped again since" in late.stderr, asked()) == (2, True, [])
    assert override(run, *disable, "--retrips", 1).exit_code == 0
    assert asked()[0].seen_retrips == 1


def test_who_says_no_changes_nothing(run, shut):
    assert override(run, "hold", "--for", 20, answer="n\n").exit_code == 1
    assert asked() == []


def test_who_has_looked_elsewhere_is_not_asked(run, shut):
    until = "2024-01-02T15:30"
    result = override(run, "hold", "--until", until, "--seen", EPISODE)

    assert (result.exit_code, "?" in result.stdout) == (0, False)
    assert asked()[0].expires == NOON + timedelta(hours=27.5)


def test_an_armed_one_is_tripped_by_hand(run, book):
    save({FALL: armed(1.0)})

    told = override(run, "trip", "--for", 1, answer="y\n").stdout

    assert "portfolio:demo is REDUCE ONLY at once, until 2024-01-01 13:00 UTC at the least" in told
    assert "As things stand it then re-opens at 25 % of size." in told
    assert asked()[0].seen_episode == ""
    assert override(run, "trip", "--for", 1, "--seen", "armed").exit_code == 2, "it waits already"


def test_what_is_on_is_listed_shown_and_ended(run, book):
    on = Override(
        OverrideKind.STEP_DOWN, "ben", "a drill", NOON, NOON + HOUR, 7, 0.5, episode=EPISODE
    )
    save({FALL: SHUT._replace(override=on)})

    line = next(each for each in run("breakers", "list").stdout.splitlines() if FALL in each)
    assert (
        "tripped: new risk at 50%, stepped down to 50 % of size until 2024-01-01 13:00 UTC" in line
    )
    shown = run("breakers", "show", FALL).stdout
    assert "by ben (number 7): a drill. `seawall breakers override 'market fall'" in shown
    document = json.loads(run("breakers", "list", "--json").stdout)["breakers"][0]
    assert (document["override"]["action"], document["override"]["kind"]) == (7, "step_down")

    assert override(run, "end", answer="y\n").exit_code == 0
    (action,) = asked()
    assert (action.kind, action.seen_action, action.expires) == (OverrideKind.END, 7, None)
    assert action.ends is OverrideKind.STEP_DOWN
    assert "end waits for the engine" in run("breakers", "list").stdout
    assert json.loads(run("breakers", "list", "--json").stdout)["breakers"][0]["override_waits"]


def test_one_that_is_disabled_is_listed_as_that(run, book):
    off = Override(OverrideKind.DISABLE, "ben", "a drill", NOON, NOON + HOUR, 7)
    recorded = SHUT.episode._replace(imposed=False)
    save({FALL: SHUT._replace(override=off, episode=recorded)})

    assert "disabled until 2024-01-01 13:00 UTC by ben, would have tripped" in (
        run("breakers", "list").stdout
    )


def test_two_who_saw_the_same_hear_who_was_quicker(run, shut):
    assert override(run, "hold", "--for", 20, "--seen", EPISODE).exit_code == 0

    late = override(run, "extend", "--for", 30, "--seen", EPISODE)

    assert (late.exit_code, "ana was quicker: since" in late.stderr) == (2, True)
    second = override(run, "extend", "--for", 30, "--seen", EPISODE, "--over", 1)
    assert second.exit_code == 0, second.stderr


@pytest.mark.parametrize(
    ("kind", "arguments", "why"),
    [
        ("hold", (), "an override needs an expiry: --until TIME or --for HOURS"),
        ("hold", ("--for", 1, "--until", "2024-01-01T15:00"), "not both"),
        ("hold", ("--for", "1e300"), "is no number of hours"),
        ("hold", ("--until", "soon"), "--until 'soon' is no time"),
        ("hold", ("--for", 13), "does not step on before 2024-01-02 01:12 UTC by its own rule"),
        ("hold", ("--for", 2, "--size", 0.5), "only a step down takes --size"),
        ("hold", ("--for", 2, "--over", 3), "--over says what was seen, and so needs --seen"),
        ("hold", ("--for", 2, "--retrips", 1), "--retrips says what was seen, and so needs"),
        ("hold", ("--for", 20, "--confirm", "HOLD"), "only what loosens takes --confirm"),
        ("step-down", ("--for", 2), "a step down needs --size"),
        ("step-down", ("--for", 9, "--size", 0.5), "it may last for 4 h at the most"),
        ("end", ("--for", 2), "it takes neither time"),
        ("end", (), "market fall is not overridden: there is nothing to end"),
    ],
)
def test_what_makes_no_sense_is_refused_with_one_sentence(run, shut, kind, arguments, why):
    result = override(run, kind, *arguments)

    assert (result.exit_code, why in result.stderr) == (2, True), result.stderr
    assert asked() == []


# --- without a database --------------------------------------------------------------------


class FakeBrake:
    """An authority that answers, or does not."""

    def __init__(self) -> None:
        self.latched: list[tuple[object, ...]] = []
        self.closed = False

    def breaker(self, portfolio: str, name: str) -> Braking:
        if self.closed:
            raise GateClosed("the engine does not answer at port 8051")
        return Braking(WHOLE, TradingState.HALTED)

    def latch(self, portfolio, scope, state, *, reason, who, latch_id) -> CommandAnswer:
        assert latch_id
        self.latched.append((portfolio, scope, state, reason, who))
        return CommandAnswer(scope=scope.label, trading_state=state.name, journalled=False)


@pytest.fixture
def brake(book, monkeypatch) -> FakeBrake:
    """No database, but a line to the authority."""
    made = FakeBrake()

    @contextmanager
    def silent() -> Iterator[None]:
        raise StoreUnavailable("the database did not answer: it is away")
        yield

    class Silent(SimpleNamespace):
        def by(self, _warrant: object) -> "Silent":
            return self

        def override_breaker(self, *_told: object, **_named: object) -> int:
            raise StoreUnavailable("the database did not answer: it is away")

        def tell(self, *_events: object) -> None:
            raise StoreUnavailable("the database did not answer: it is away")

    monkeypatch.setattr(module, "reading", silent)
    monkeypatch.setattr(changing, "SqlChanges", lambda *_engines, **_named: Silent())
    monkeypatch.setattr(changing, "line", lambda _settings: made)
    monkeypatch.setattr(changing, "checked_engines_of", changing.engines_of)
    return made


def test_what_tightens_is_done_by_the_brake_where_the_database_is_silent(run, brake):
    result = override(run, "trip", "--for", 1, answer="y\n")

    assert (result.exit_code, "cannot be looked at now" in result.stdout) == (1, True)
    assert (
        "market fall is not overridden, since the database did not answer: it is away; instead "
        "portfolio:demo is HALTED at once, until a person resumes it" in result.stderr
    )
    assert brake.latched == [
        (
            PORTFOLIO,
            WHOLE,
            TradingState.HALTED,
            "trip breaker market fall: the news were false",
            "ana",
        )
    ]


def test_where_the_engine_is_silent_too_it_says_that_nothing_is_stopped(run, brake):
    brake.closed = True
    result = override(run, "trip", "--for", 1, "--seen", "armed")

    assert result.exit_code == 1
    assert "nothing is stopped: the database did not answer: it is away, and the engine" in (
        result.stderr
    )


@pytest.mark.parametrize("kind", ["step-down", "disable", "end"])
def test_without_a_database_nothing_is_loosened(run, brake, kind):
    size = ("--size", 0.5) if kind == "step-down" else ()
    until = () if kind == "end" else ("--for", 1)
    result = override(run, kind, *until, *size, "--seen", EPISODE)

    assert (result.exit_code, "it is away" in result.stderr, brake.latched) == (1, True, [])


# --- reviews -------------------------------------------------------------------------------

ABOUT = {
    "portfolio": PORTFOLIO,
    "cycle": "1",
    "breaker": FALL,
    "episode": EPISODE,
    "scope_kind": "portfolio",
    "scope": PORTFOLIO,
    "kind": "step_down",
    "severity": Severity.WARNING,
    "action": 1,
}


@pytest.fixture
def judged_tomorrow(run, shut) -> None:
    """Ana stepped it down for an hour."""
    phrase = ("--confirm", "MARKET FALL 50")
    assert override(run, "step-down", "--for", 1, "--size", 0.5, *phrase).exit_code == 0
    told = {"size": 0.5, "state": "THROTTLED", "reason": "the news were false"}
    save(
        {FALL: SHUT},
        number=2,
        events=(
            BreakerOverridden(**ABOUT, at=NOON, expires=NOON + HOUR, by="ana", **told),
            OverrideEnded(
                **ABOUT,
                at=NOON + HOUR,
                state="REDUCE_ONLY",
                size=0.0,
                why="its time is over",
                by="rule",
                began_by="ana",
            ),
        ),
    )


def test_what_is_to_be_judged_is_listed_with_what_came_of_it(run, judged_tomorrow):
    told = run("breakers", "reviews").stdout

    assert all(word in told for word in ("step down to 50%", "ana", "1 h 00 min", "to be judged"))
    assert "2024-01-02 09:00 UTC" in told
    (review,) = json.loads(run("breakers", "reviews", "--json").stdout)["reviews"]
    assert (review["action"], review["verdict"], review["ended_by"]) == (1, None, "rule")
    assert review["outcome"]["hours"] == 1.0


def test_somebody_else_judges_it_and_it_is_due_no_more(run, judged_tomorrow):
    said = ("--verdict", "right", "--comment", "it was the feed")
    own = run("breakers", "review", 1, *said, "--who", "ana")
    assert (own.exit_code, "somebody else judges what came of it" in own.stderr) == (2, True)

    told = run("breakers", "review", 1, *said, "--who", "ben").stdout
    assert "Override 1 is judged right" in told
    assert "No override of demo has loosened anything that nobody has judged" in (
        run("breakers", "reviews", "--due").stdout
    )
    (review,) = json.loads(run("breakers", "reviews", "--json").stdout)["reviews"]
    assert (review["verdict"], review["reviewer"]) == ("right", "ben")
    again = run("breakers", "review", 1, *said, "--who", "cleo")
    assert (again.exit_code, "ben was quicker: judged right" in again.stderr) == (2, True)


def test_where_nobody_overrode_there_is_nothing_to_judge(run, shut):
    assert "No override of demo has loosened anything." in run("breakers", "reviews").stdout
    result = run("breakers", "review", 4, "--verdict", "right", "--comment", "x", "--who", "ben")
    assert (result.exit_code, "no override number 4 has begun" in result.stderr) == (2, True)


# --- what must be read ---------------------------------------------------------------------


def test_what_loosens_shows_the_warnings_of_the_page_and_keeps_that_it_did(run, shut):
    told = override(run, "disable", "--for", 2, "--confirm", "disable market fall").stdout

    warning = "Nothing of this breaker stops a new storm"
    shown = told.index(f"- {warning}. Until it is on again the book may lose without it.")
    assert told.index("stops nothing from now on") < told.index("Read this first:") < shown
    (action,) = asked()
    assert isinstance(action, OverrideBreaker)
    assert warning in action.read
    assert all(f"- {title}. " in told for title in action.read)


def test_they_are_read_before_the_phrase_is_asked_for(run, shut):
    told = override(run, "step-down", "--for", 2, "--size", 0.5, answer="no\n").stdout

    assert told.index("Its rule would shut it still") < told.index("Type MARKET FALL 50")
    assert asked() == []


def test_what_tightens_shows_none(run, shut):
    told = override(run, "hold", "--for", 20, answer="y\n")

    assert (told.exit_code, "Read this first" in told.stdout) == (0, False)
    assert asked()[0].read == ()


def test_whoever_lets_a_breaker_go_reads_them_too(run, book):
    save({FALL: tripped(DEFINED, until=NOON)})
    told = run("breakers", "release", FALL, *WHY, "--seen", EPISODE)

    assert told.exit_code == 0, told.stderr
    assert "Read this first:" in told.stdout
    (action,) = asked()
    assert isinstance(action, ReleaseBreaker)
    assert action.read
    assert all(f"- {title}. " in told.stdout for title in action.read)
