"""Signing in: what opens, for how long, and what never does."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from structlog.testing import capture_logs

from risk.auth.logins import LoginDesk
from risk.auth.passwords import Cost, Hasher, Places, new_password
from risk.auth.sealing import PEOPLE_KEY_FILE, Sealer
from risk.auth.throttle import OF_A_DEVICE, OF_A_NAME, OF_A_NAME_FROM_A_PLACE
from risk.auth.tries import NOT_PROVEN, WAITS, WRONG
from risk.domain.actors import Role, Via
from risk.domain.events import PersonChanged, PersonSignedIn, PersonSignedOut, SignInRefused
from risk.domain.people import Setup, SignedIn, is_login_name
from risk.errors import InvalidInput, LoginRefused, NotAllowed, ProofNeeded, StoreUnavailable
from tests.fakes_people import CHEAP, EVERYWHERE, MONDAY, PASSWORD, FakePeopleStore, People

NEW = "seven purple windmills"


def refused(ask: Callable[[], object]) -> LoginRefused:
    with pytest.raises(LoginRefused) as problem:
        ask()
    return problem.value


def try_wrongly(people: People, name: str, times: int, **how: object) -> LoginRefused:
    for _ in range(times - 1):
        refused(lambda: people.sign_in(name, password="not his password", **how))
    return refused(lambda: people.sign_in(name, password="not his password", **how))


def storm(people: People, name: str) -> None:
    """Twelve minutes of tries from everywhere, the last just now."""
    for place in range(12):
        people.wait(minutes=1)
        for _ in range(4):
            try_wrongly(people, name, 1, place=f"10.1.{place}.1")


# --- what opens ----------------------------------------------------------------------------


@EVERYWHERE
def test_nobody_is_there_until_somebody_has_a_login(people: People):
    assert not people.desk.anybody()

    people.admit("tom")

    assert people.desk.anybody()


@EVERYWHERE
def test_a_name_and_a_password_open_a_login(people: People):
    people.admit("tom")

    token, device, login = people.sign_in("tom")

    assert people.desk.find(token) == login
    assert (login.person.name, login.via, login.place) == ("tom", Via.WEB, "10.0.0.1")
    assert login.began == login.seen == login.proven_at == MONDAY
    assert login.setup == ()
    assert device not in ("", token)
    assert people.person("tom").last_seen == MONDAY


def test_names_are_tried_as_people_write_them(people: People):
    people.admit("tom")

    assert people.sign_in("  Tom ").login.person.name == "tom"


@EVERYWHERE
def test_of_a_token_nothing_but_its_hash_is_kept(people: People):
    people.admit("olga", Role.OFFICER)
    token, device, _ = people.sign_in("olga")

    with people.store.reading() as view:
        kept = repr((view.accounts(), view.logins("olga")))
    for secret in (token, device, PASSWORD, people.secrets["olga"]):
        assert secret not in kept


@pytest.mark.parametrize("token", ["", "x", "Ü\ud800", "x" * 300], ids=["none", "x", "odd", "long"])
def test_what_is_no_token_opens_nothing(people: People, token: str):
    assert people.desk.find(token) is None
    people.desk.sign_out(token)
    with pytest.raises(LoginRefused):
        people.desk.prove(token, PASSWORD, "")


def test_an_officer_needs_the_code_too(people: People):
    people.admit("olga", Role.OFFICER)

    assert str(refused(lambda: people.sign_in("olga", code=""))) == WRONG
    assert str(refused(lambda: people.sign_in("olga", code="000000"))) == WRONG
    assert people.sign_in("olga").login.person.role is Role.OFFICER


def test_a_code_is_good_a_step_early_or_late_and_no_more(people: People):
    people.admit("olga", Role.OFFICER)
    code = people.code("olga")

    people.wait(seconds=60)
    refused(lambda: people.sign_in("olga", code=code))
    people.wait(seconds=-30)
    assert people.sign_in("olga", code=f"{code[:3]} {code[3:]}")


@EVERYWHERE
def test_a_code_opens_once(people: People):
    people.admit("olga", Role.OFFICER)
    token = people.sign_in("olga").token

    refused(lambda: people.sign_in("olga"))
    refused(lambda: people.desk.prove(token, PASSWORD, people.code("olga")))
    people.wait(seconds=30)
    assert people.desk.prove(token, PASSWORD, people.code("olga"))


def test_a_code_of_before_opens_nothing_after_a_later_one(people: People):
    people.admit("olga", Role.OFFICER)
    before = people.code("olga")
    people.wait(seconds=30)
    people.sign_in("olga")

    refused(lambda: people.sign_in("olga", code=before))


# --- what does not -------------------------------------------------------------------------


@EVERYWHERE
def test_whatever_is_wrong_the_same_is_said(people: People):
    people.admit("tom")
    people.admit("olga", Role.OFFICER)
    people.admit("dora", disabled=MONDAY)
    people.admit("paul", subject="paul@provider")
    wrong = [
        ("tom", {"password": "not his password"}),
        ("olga", {"code": "000000"}),
        ("dora", {}),
        ("paul", {}),
        ("nobody", {}),
        ("No Name! \0", {}),
        ("tom", {"password": ""}),
        ("tom", {"password": "x" * 100_000}),
        ("tom", {"password": "Ü\ud800"}),
    ]

    said = [refused(lambda n=name, h=how: people.sign_in(n, **h)) for name, how in wrong]

    assert {str(each) for each in said} == {WRONG}
    assert {each.retry_after for each in said} == {None}


def test_the_journal_knows_why(people: People):
    people.admit("tom")
    people.admit("dora", disabled=MONDAY)
    told = people.listen(SignInRefused)

    refused(lambda: people.sign_in("tom", password="not his password"))
    refused(lambda: people.sign_in("dora"))
    refused(lambda: people.sign_in("nobody"))
    refused(lambda: people.sign_in("my password in the wrong field"))

    assert [(each.tried, each.why, each.locked) for each in told()] == [
        ("tom", "wrong password", False),
        ("dora", "disabled", False),
        ("", "no such name", False),
        ("", "no such name", False),
    ]


@EVERYWHERE
def test_a_password_typed_for_a_name_is_neither_journalled_nor_logged(people: People):
    """The first passwords that are given look like names, once they are in small letters."""
    people.admit("tom")
    first = next(one for one in (new_password() for _ in range(99)) if is_login_name(one))
    told = people.listen(SignInRefused)

    with capture_logs() as logs:
        try_wrongly(people, first, OF_A_NAME_FROM_A_PLACE + 2)
        try_wrongly(people, "tom", OF_A_NAME_FROM_A_PLACE + 2, place="10.0.0.2")

    assert first not in repr(told())
    assert first not in repr(logs)
    assert {each.tried for each in told()} == {"", "tom"}
    waited = [line["name"] for line in logs if line["event"] == "try_not_looked_at"]
    assert set(waited) == {"", "tom"}


def test_a_first_password_opens_for_three_days_and_then_nothing(people: People):
    people.admit("tom", must_change=True)
    with people.store.changing() as work:
        until = MONDAY + timedelta(hours=72)
        work.keep(replace(work.account("tom"), password_until=until))

    people.wait(hours=71, minutes=59)
    assert people.sign_in("tom").login.setup == (Setup.PASSWORD,)
    people.wait(minutes=1)
    assert str(refused(lambda: people.sign_in("tom"))) == WRONG


def test_whom_others_try_too_often_must_wait_as_a_name_that_nobody_has(people: People):
    people.admit("tom")

    answers = {name: try_wrongly(people, name, OF_A_NAME_FROM_A_PLACE) for name in ("tom", "tim")}

    assert {each.retry_after for each in answers.values()} == {15.0}
    for name in answers:
        assert refused(lambda n=name: people.sign_in(n)).retry_after == 15.0
    people.wait(seconds=15)
    assert people.sign_in("tom")


@EVERYWHERE
def test_a_name_that_waits_is_told_with_the_try_that_locked_it_and_then_no_more(people: People):
    people.admit("tom")
    told = people.listen(SignInRefused)

    try_wrongly(people, "tom", OF_A_NAME_FROM_A_PLACE + 3)

    assert [each.locked for each in told()] == [False] * (OF_A_NAME_FROM_A_PLACE - 1) + [True]


@EVERYWHERE
def test_a_browser_that_is_known_gets_in_whatever_others_do(people: People):
    people.admit("olga", Role.OFFICER)
    device = people.sign_in("olga").device
    storm(people, "olga")

    assert refused(lambda: people.sign_in("olga", place="10.9.9.9")).retry_after
    known = people.sign_in("olga", place="10.9.9.9", device=device)
    assert people.desk.find(known.token)


def test_a_known_browser_has_tries_of_its_own_and_no_more(people: People):
    people.admit("tom")
    device = people.sign_in("tom").device

    assert try_wrongly(people, "tom", OF_A_DEVICE, device=device).retry_after == 15.0
    assert refused(lambda: people.sign_in("tom", device=device)).retry_after == 15.0
    assert people.sign_in("tom")  # which is a stranger's counter


@pytest.mark.parametrize("device", ["", "nonsense", "Ü\ud800", "x" * 10_000])
def test_a_browser_that_only_says_so_is_not_known(people: People, device: str):
    people.admit("tom")
    for place in range(OF_A_NAME):
        try_wrongly(people, "tom", 1, place=f"10.1.{place}.1")

    assert refused(lambda: people.sign_in("tom", device=device)).retry_after == 15.0


def test_another_s_browser_is_not_known(people: People):
    people.admit("tom")
    people.admit("eve")
    device = people.sign_in("eve").device
    for place in range(OF_A_NAME):
        try_wrongly(people, "tom", 1, place=f"10.1.{place}.1")

    assert refused(lambda: people.sign_in("tom", device=device)).retry_after == 15.0


@EVERYWHERE
def test_a_known_browser_keeps_its_name_and_another_one_gets_its_own(people: People):
    people.admit("tom")
    one = people.sign_in("tom")
    again = people.sign_in("tom", device=one.device)
    other = people.sign_in("tom")

    with people.store.reading() as view:
        devices = {record.id: record.device for record in view.logins("tom")}
    assert devices[one.login.id] == devices[again.login.id] != devices[other.login.id]


@EVERYWHERE
def test_a_wrong_try_counts_also_while_it_is_looked_at(people: People):
    """Of many at once no more are looked at than one after another would be."""
    people.admit("tom")
    looked_at: list[str] = []

    class Watched(Hasher):
        def verify(self, kept: str | None, password: str) -> bool:
            looked_at.append(password)
            with people.store.reading() as view:
                assert view.failures("tom", "10.0.0.1", MONDAY)
            return super().verify(kept, password)

    desk = LoginDesk(people.store, Watched(CHEAP), people.sealer, wall=people.wall)
    desk.sign_in("tom", PASSWORD, "", via=Via.WEB, place="10.0.0.1")

    assert looked_at == [PASSWORD]
    with people.store.reading() as view:
        assert view.failures("tom", "10.0.0.1", MONDAY) == []


def test_where_too_many_are_hashed_at_once_nobody_is_blamed(people: People):
    people.admit("tom")
    full = Hasher(CHEAP, turns=threading.Semaphore(0), patience=0.01)
    desk = LoginDesk(people.store, full, people.sealer, wall=people.wall)

    busy = refused(lambda: desk.sign_in("tom", PASSWORD, "", via=Via.WEB, place="10.0.0.1"))

    assert "try again" in str(busy)
    assert busy.retry_after
    with people.store.reading() as view:
        assert view.failures("tom", "10.0.0.1", MONDAY) == []


def test_whoever_must_wait_is_told_so_without_hashing_whether_he_is_there_or_not(people: People):
    people.admit("tom")
    for name in ("tom", "tim"):
        try_wrongly(people, name, OF_A_NAME_FROM_A_PLACE)

    class Unused(Hasher):
        def verify(self, kept: str | None, password: str) -> bool:
            raise AssertionError("it was hashed")

    desk = LoginDesk(people.store, Unused(CHEAP), people.sealer, wall=people.wall)
    said = [
        refused(lambda n=name: desk.sign_in(n, PASSWORD, "", via=Via.WEB, place="10.0.0.1"))
        for name in ("tom", "tim")
    ]

    assert {(str(each), each.retry_after) for each in said} == {(WAITS, 15.0)}


def test_where_all_places_are_taken_strangers_are_sent_away_at_once_and_nothing_is_asked(
    people: People,
):
    people.admit("tom")
    before = people.sign_in("tom")
    hasher = Hasher(CHEAP, places=Places(strangers=1, known=1))
    desk = LoginDesk(people.store, hasher, people.sealer, wall=people.wall)

    def comes(name: str, device: str | None = None) -> SignedIn:
        return desk.sign_in(name, PASSWORD, "", via=Via.WEB, place="10.0.0.1", device=device)

    with hasher.places.one(known=False):
        changing, people.store.changing = people.store.changing, None
        said = [refused(lambda n=name: comes(n)) for name in ("tom", "tim")]
        people.store.changing = changing
        assert comes("tom", before.device), "a flood of strangers keeps out nobody who is known"
        assert desk.prove(before.token, PASSWORD, "")
    assert {(str(each), each.retry_after) for each in said} == {(str(said[0]), 2.0)}
    assert comes("tom")
    with people.store.reading() as view:
        assert view.failures("tom", "10.0.0.1", MONDAY) == []


def test_a_right_try_is_none_of_the_wrong_ones_where_nothing_can_be_hashed(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token

    class Full(Hasher):
        def hash(self, password: str) -> str:
            raise LoginRefused("many people sign in at this moment")

    desk = LoginDesk(people.store, Full(CHEAP), people.sealer, wall=people.wall)
    refused(lambda: desk.change_password(token, PASSWORD, NEW))
    dearer = Full(Cost(memory_kib=16, passes=1))
    desk = LoginDesk(people.store, dearer, people.sealer, wall=people.wall)
    refused(lambda: desk.sign_in("tom", PASSWORD, "", via=Via.WEB))

    with people.store.reading() as view:
        assert view.failures("tom", "", MONDAY) == []


def test_a_password_is_hashed_anew_where_the_cost_has_changed(people: People):
    people.admit("tom")
    dearer = Hasher(Cost(memory_kib=16, passes=1))
    desk = LoginDesk(people.store, dearer, people.sealer, wall=people.wall)

    desk.sign_in("tom", PASSWORD, "", via=Via.WEB)

    with people.store.reading() as view:
        assert "m=16," in view.account("tom").password
    assert desk.sign_in("tom", PASSWORD, "", via=Via.WEB)


def test_without_the_key_of_its_seal_a_second_factor_opens_nothing(people: People, tmp_path):
    people.admit("olga", Role.OFFICER)
    other = Sealer(tmp_path / "elsewhere")
    desk = LoginDesk(people.store, people.hasher, other, wall=people.wall)

    with capture_logs() as logs:
        said = refused(lambda: desk.sign_in("olga", PASSWORD, people.code("olga"), via=Via.WEB))

    assert str(said) == WRONG
    assert "second_factor_unreadable" in [line["event"] for line in logs]


def test_what_is_old_is_dropped_also_while_nobody_gets_in(people: People):
    for n in range(60):
        refused(lambda n=n: people.sign_in(f"n{n}", place=f"10.1.{n}.1"))
    people.wait(hours=25)
    for n in range(60):
        refused(lambda n=n: people.sign_in(f"m{n}", place=f"10.1.{n}.1"))

    with people.store.reading() as view:
        assert view.failures("n0", "", MONDAY) == []
        assert len(view.failures("m0", "", MONDAY)) == 1


# --- how long it lasts ---------------------------------------------------------------------


@pytest.mark.parametrize(("role", "minutes"), [(Role.TRADER, 30), (Role.OFFICER, 15)])
def test_a_browser_left_alone_is_signed_out(people: People, role: Role, minutes: int):
    people.admit("tom", role)
    token = people.sign_in("tom").token

    people.wait(minutes=minutes - 1)
    assert people.desk.find(token)
    people.wait(minutes=minutes - 1)
    assert people.desk.find(token)
    people.wait(minutes=minutes)
    assert people.desk.find(token) is None


@EVERYWHERE
@pytest.mark.parametrize(("via", "hours"), [(Via.WEB, 12), (Via.COMMAND_LINE, 8)])
def test_no_login_lasts_for_ever(people: People, via: Via, hours: int):
    people.admit("tom")
    token, _, login = people.sign_in("tom", via=via)
    assert login.ends == MONDAY + timedelta(hours=hours)

    while people.now + timedelta(minutes=20) < login.ends:
        people.wait(minutes=20)
        assert people.desk.find(token)
    people.wait(minutes=20)
    assert people.desk.find(token) is None
    assert people.desk.logins_of("tom") == ()


def test_a_command_line_may_rest(people: People):
    people.admit("olga", Role.OFFICER)
    token = people.sign_in("olga", via=Via.COMMAND_LINE).token

    people.wait(hours=7)
    assert people.desk.find(token)


@EVERYWHERE
def test_that_somebody_was_seen_is_written_once_a_minute(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token

    people.wait(seconds=59)
    assert people.desk.find(token).seen == people.now
    assert seen_of(people, "tom") == MONDAY
    people.wait(seconds=1)
    people.desk.find(token)
    assert seen_of(people, "tom") == people.now


def test_who_cannot_be_noted_as_seen_stays_signed_in(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token
    people.wait(minutes=2)

    class CannotWrite:
        reading = staticmethod(people.store.reading)

        def touch(self, login_id, *, at):
            raise StoreUnavailable("the disk is full")

    desk = LoginDesk(CannotWrite(), people.hasher, people.sealer, wall=people.wall)
    with capture_logs() as logs:
        assert desk.find(token)
        people.wait(seconds=30)
        assert desk.find(token)
        assert [line["event"] for line in logs] == ["login_not_noted_as_seen"]
        people.wait(seconds=30)
        assert desk.find(token)
    assert [line["event"] for line in logs] == ["login_not_noted_as_seen"] * 2


def test_who_acts_all_the_time_is_not_signed_out_by_a_database_that_is_locked(people: People):
    people.admit("olga", Role.OFFICER)
    token = people.sign_in("olga").token
    touch = people.store.touch

    def locked(login_id, *, at):
        raise StoreUnavailable("the database is locked")

    people.store.touch = locked
    for _ in range(8):
        people.wait(minutes=5)
        assert people.desk.find(token)
        assert people.desk.find(token, acts=False)
    assert seen_of(people, "olga") == MONDAY
    assert people.desk.prove(token, PASSWORD, people.code("olga")), "nor once it is not any more"
    people.store.touch = touch
    people.wait(minutes=15)
    assert people.desk.find(token) is None


def test_a_clock_that_was_set_back_far_opens_nothing(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token

    people.wait(minutes=-1)
    assert people.desk.find(token)
    people.wait(hours=-1)
    assert people.desk.find(token) is None


# --- another token -------------------------------------------------------------------------


@EVERYWHERE
def test_each_sign_in_has_a_token_of_its_own(people: People):
    people.admit("tom")

    one, other = people.sign_in("tom"), people.sign_in("tom")

    assert one.token != other.token
    assert one.login.csrf != other.login.csrf
    assert [each.id for each in people.desk.logins_of("tom")] == sorted(
        [one.login.id, other.login.id]
    )


def prove(people: People, before: SignedIn) -> SignedIn:
    return people.desk.prove(before.token, PASSWORD, people.code("olga"))


def another_password(people: People, before: SignedIn) -> SignedIn:
    return people.desk.change_password(before.token, PASSWORD, NEW)


def another_factor(people: People, before: SignedIn) -> SignedIn:
    new = people.desk.begin_second_factor(before.token)
    return people.desk.confirm_second_factor(before.token, pyotp.TOTP(new.secret).at(people.now))


@EVERYWHERE
@pytest.mark.parametrize("change", [prove, another_password, another_factor])
def test_a_token_opens_nothing_once_there_is_another(people: People, change):
    people.admit("olga", Role.OFFICER)
    before = people.sign_in("olga")
    people.wait(seconds=40)

    after = change(people, before)

    assert people.desk.find(before.token) is None
    found = people.desk.find(after.token)
    assert (found.id, found.began, found.csrf) == (
        before.login.id,
        MONDAY,
        before.login.csrf,
    )
    for again in (prove, another_password, another_factor):
        with pytest.raises(LoginRefused, match="not signed in any more"):
            again(people, before)


def test_proving_begins_a_new_time_in_which_it_counts(people: People):
    people.admit("olga", Role.OFFICER)
    before = people.sign_in("olga")
    people.wait(minutes=10)

    after = prove(people, before)

    assert after.login.proven_at == after.login.actor.proven_at == people.now
    assert people.desk.find(after.token).ends == before.login.ends


def test_a_proof_that_is_wrong_is_refused_and_the_login_stays(people: People):
    people.admit("olga", Role.OFFICER)
    told = people.listen(SignInRefused)
    token = people.sign_in("olga").token
    people.wait(seconds=30)

    wrong = [("not hers at all", people.code("olga")), (PASSWORD, "000000"), (PASSWORD, "")]
    said = {str(refused(lambda w=w: people.desk.prove(token, *w))) for w in wrong}

    assert said == {NOT_PROVEN}
    assert people.desk.find(token)
    assert {each.why for each in told()} == {
        "to prove again who it is: wrong password",
        "to prove again who it is: wrong code",
    }


def test_whoever_is_signed_in_can_prove_it_whatever_others_do(people: People):
    people.admit("olga", Role.OFFICER)
    before = people.sign_in("olga")
    storm(people, "olga")

    assert prove(people, before)


@EVERYWHERE
def test_a_stolen_token_has_few_guesses_at_the_password(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token

    for _ in range(OF_A_DEVICE - 1):
        assert (
            refused(lambda: people.desk.change_password(token, "a guess", NEW)).retry_after is None
        )
    assert refused(lambda: people.desk.prove(token, "a guess", "")).retry_after == 15.0
    assert refused(lambda: people.desk.prove(token, PASSWORD, "")).retry_after == 15.0
    assert refused(lambda: people.desk.change_password(token, PASSWORD, NEW)).retry_after == 15.0


# --- the end -------------------------------------------------------------------------------


def test_signing_out_ends_it(people: People):
    people.admit("tom")
    told = people.listen(PersonSignedOut)
    one, other = people.sign_in("tom"), people.sign_in("tom")

    people.desk.sign_out(one.token)
    people.desk.sign_out(one.token)

    assert people.desk.find(one.token) is None
    assert people.desk.find(other.token)
    assert [(each.person, each.by, each.how, each.via, each.place) for each in told()] == [
        ("tom", "tom", "signed out", "web", "10.0.0.1")
    ]
    assert told()[0].login == ""


def test_the_journal_knows_which_login_was_ended_from_which(people: People):
    people.admit("tom")
    told = people.listen(PersonSignedOut)
    here = people.sign_in("tom", via=Via.COMMAND_LINE, place="command line of tom").login
    there = people.sign_in("tom", place="10.0.0.2").login

    people.desk.end_login("tom", there.id, asked_from=here)

    (ended,) = told()
    assert (ended.by, ended.how, ended.login) == (
        "tom",
        "ended from another login",
        "web, 10.0.0.2",
    )
    assert (ended.via, ended.place) == ("command line", "command line of tom")


def test_the_journal_knows_who_signed_in_over_whose_login(people: People):
    people.admit("tom")
    people.admit("eve")
    told = people.listen(PersonSignedOut)
    before, after = people.sign_in("tom"), people.sign_in("eve", place="10.0.0.2").login

    people.desk.sign_out(before.token, replaced_by=after)

    (ended,) = told()
    assert (ended.person, ended.by, ended.how) == ("tom", "eve", "replaced by another login")
    assert (ended.via, ended.place, ended.login) == ("web", "10.0.0.2", "web, 10.0.0.1")


@EVERYWHERE
def test_one_of_several_logins_can_be_ended(people: People):
    people.admit("tom")
    people.admit("eve")
    here, there = people.sign_in("tom"), people.sign_in("tom", place="10.0.0.2")

    with pytest.raises(InvalidInput, match="over already"):
        people.desk.end_login("eve", there.login.id)
    people.desk.end_login("tom", there.login.id)

    assert people.desk.find(there.token) is None
    assert [each.id for each in people.desk.logins_of("tom")] == [here.login.id]
    with pytest.raises(InvalidInput, match="over already"):
        people.desk.end_login("tom", there.login.id)


def test_whom_an_admin_disables_is_out_with_the_next_question(people: People):
    people.admit("anna", Role.ADMIN)
    people.admit("tom")
    token = people.sign_in("tom").token

    people.office.disable(people.actor("anna"), "tom", reason="left", seen=1)

    assert people.desk.find(token) is None


# --- setting oneself up --------------------------------------------------------------------


@EVERYWHERE
def test_a_first_sign_in_asks_for_a_password_then_a_second_factor(people: People):
    people.admit("anna", Role.ADMIN)
    first = people.office.add(people.actor("anna"), "otto", Role.OFFICER)

    one = people.desk.sign_in("otto", first, "", via=Via.WEB)
    assert one.login.setup == (Setup.PASSWORD, Setup.SECOND_FACTOR)
    assert one.login.actor.proven_at is None
    with pytest.raises(NotAllowed, match="own password first"):
        people.desk.begin_second_factor(one.token)
    two = people.desk.change_password(one.token, first, NEW)
    assert two.login.setup == (Setup.SECOND_FACTOR,)
    new = people.desk.begin_second_factor(two.token)
    three = people.desk.confirm_second_factor(two.token, pyotp.TOTP(new.secret).at(people.now))

    assert three.login.setup == ()
    assert three.login.person.second_factor
    assert three.login.actor.proven_at == MONDAY
    assert "otpauth://totp/Seawall:otto?" in new.address
    assert new.secret in new.address
    refused(lambda: people.desk.sign_in("otto", first, "", via=Via.WEB))
    refused(lambda: people.desk.sign_in("otto", NEW, "", via=Via.WEB))
    people.wait(seconds=30)
    code = pyotp.TOTP(new.secret).at(people.now)
    assert people.desk.sign_in("otto", NEW, code, via=Via.WEB)


def test_the_code_that_confirms_a_second_factor_opens_nothing_else(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token
    new = people.desk.begin_second_factor(token)
    code = pyotp.TOTP(new.secret).at(people.now)
    people.desk.confirm_second_factor(token, code)

    refused(lambda: people.sign_in("tom", code=code))


@EVERYWHERE
def test_another_password_ends_all_others_and_is_journalled(people: People):
    people.admit("tom")
    told = people.listen(PersonChanged)
    here, there = people.sign_in("tom"), people.sign_in("tom")

    after = people.desk.change_password(here.token, PASSWORD, NEW)

    assert people.desk.find(there.token) is None
    assert people.desk.find(after.token)
    assert [(each.person, each.what, each.by) for each in told()] == [
        ("tom", "set another password", "tom")
    ]
    assert (told()[0].reason, told()[0].via, told()[0].place) == ("", "web", "10.0.0.1")
    assert people.person("tom").version == 2
    assert people.sign_in("tom", password=NEW)


@pytest.mark.parametrize(
    "new", ["short", "x" * 129, "correct horse\nbattery", PASSWORD, "tomtomtomtomtom"]
)
def test_a_bad_password_is_refused_with_a_sentence_and_costs_no_try(people: People, new: str):
    people.admit("tom")
    token = people.sign_in("tom").token

    with pytest.raises(InvalidInput, match="password") as problem:
        people.desk.change_password(token, PASSWORD, new)

    assert new not in str(problem.value)
    assert people.desk.find(token)
    with people.store.reading() as view:
        assert view.failures("tom", "", MONDAY) == []


def test_a_second_factor_is_replaced_only_by_whoever_has_just_proved_it(people: People):
    """A browser that somebody left alone must not be enough."""
    people.admit("olga", Role.OFFICER)
    before = people.sign_in("olga")
    people.wait(minutes=6)

    with pytest.raises(ProofNeeded):
        people.desk.begin_second_factor(before.token)
    proven = prove(people, before)
    new = people.desk.begin_second_factor(proven.token)
    people.wait(minutes=6)
    with pytest.raises(ProofNeeded):
        people.desk.confirm_second_factor(proven.token, pyotp.TOTP(new.secret).at(people.now))


def test_a_second_factor_counts_only_once_it_is_confirmed(people: People):
    people.admit("olga", Role.OFFICER)
    token = people.sign_in("olga").token
    new = people.desk.begin_second_factor(token)

    for wrong in ("000000", "", people.code("olga")):
        with pytest.raises(InvalidInput, match="no code of the new second factor"):
            people.desk.confirm_second_factor(token, wrong)
    people.wait(seconds=30)
    assert people.sign_in("olga")
    refused(lambda: people.sign_in("olga", code=pyotp.TOTP(new.secret).at(people.now)))


def test_nothing_can_be_confirmed_that_was_not_begun(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token

    with pytest.raises(InvalidInput, match="begin again"):
        people.desk.confirm_second_factor(token, "123456")


# --- whom a provider vouches for -----------------------------------------------------------


@EVERYWHERE
def test_a_provider_vouches_for_whom_an_admin_named(people: People):
    people.admit("paul", subject="p@x")
    told = people.listen(PersonSignedIn)

    opened = people.desk.sign_in_subject("p@x", place="10.0.0.1", strong=False)

    assert people.desk.find(opened.token).person.name == "paul"
    assert opened.login.setup == ()
    assert [each.person for each in told()] == ["paul"]


@pytest.mark.parametrize("subject", ["q@x", "d@x"])
def test_a_provider_s_word_is_not_enough_for_everybody(people: People, subject: str):
    people.admit("dora", subject="d@x", disabled=MONDAY)
    told = people.listen(SignInRefused)

    with pytest.raises(LoginRefused, match="your provider vouches for you, and yet"):
        people.desk.sign_in_subject(subject, strong=False)

    assert len(told()) == 1


def test_who_has_no_password_here_cannot_set_one(people: People):
    people.admit("paul", subject="p@x")
    token = people.desk.sign_in_subject("p@x", strong=True).token

    with pytest.raises(InvalidInput, match="provider"):
        people.desk.change_password(token, "", NEW)
    with pytest.raises(InvalidInput, match="provider"):
        people.desk.begin_second_factor(token)
    refused(lambda: people.desk.prove(token, PASSWORD, ""))


# --- at once -------------------------------------------------------------------------------


def at_once(*asked: Callable[[], object]) -> list[object]:
    """What each gave, or why it was refused."""
    gate, given = threading.Barrier(len(asked)), []

    def ask(do: Callable[[], object]) -> None:
        gate.wait()
        try:
            given.append(do())
        except (LoginRefused, InvalidInput) as problem:
            given.append(problem)

    threads = [threading.Thread(target=ask, args=(each,)) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


@EVERYWHERE
def test_of_two_who_sign_in_with_one_code_one_gets_in(people: People):
    people.admit("olga", Role.OFFICER)

    given = at_once(*[lambda: people.sign_in("olga")] * 4)

    assert sum(isinstance(each, SignedIn) for each in given) == 1


@EVERYWHERE
def test_of_two_proofs_with_one_token_one_counts(people: People):
    people.admit("tom")
    token = people.sign_in("tom").token

    given = at_once(*[lambda: people.desk.prove(token, PASSWORD, "")] * 3)

    (opened,) = [each for each in given if isinstance(each, SignedIn)]
    assert people.desk.find(opened.token)
    assert people.desk.find(token) is None


@EVERYWHERE
def test_many_guesses_at_once_are_no_more_than_one_after_another(people: People):
    people.admit("tom")
    looked_at: list[object] = []

    class Counting(Hasher):
        def verify(self, kept: str | None, password: str) -> bool:
            looked_at.append(password)
            return super().verify(kept, password)

    counting = Counting(CHEAP, places=Places(strangers=12))
    desk = LoginDesk(people.store, counting, people.sealer, wall=people.wall)

    def guess() -> object:
        return desk.sign_in("tom", "a guess of many", "", via=Via.WEB, place="10.0.0.1")

    given = at_once(*[guess] * 12)

    assert len(given) == 12
    assert len(looked_at) == OF_A_NAME_FROM_A_PLACE, "whoever must wait costs nothing"
    with people.store.reading() as view:
        assert len(view.failures("tom", "10.0.0.1", MONDAY)) == OF_A_NAME_FROM_A_PLACE


# --- what they look at ---------------------------------------------------------------------


def seen_of(people: People, name: str):
    with people.store.reading() as view:
        (record,) = view.logins(name)
    return record.seen


def test_without_a_database_nobody_is_signed_in_and_it_is_said(tmp_path):
    store = FakePeopleStore()
    people = People(store, tmp_path)
    people.admit("tom")
    token = people.sign_in("tom").token
    store.fail_with = StoreUnavailable("gone")

    for ask in (
        lambda: people.sign_in("tom"),
        lambda: people.desk.find(token),
        lambda: people.desk.prove(token, PASSWORD, ""),
        lambda: people.desk.logins_of("tom"),
        people.office.people,
    ):
        with pytest.raises(StoreUnavailable):
            ask()
    assert not (tmp_path / PEOPLE_KEY_FILE).is_symlink()
