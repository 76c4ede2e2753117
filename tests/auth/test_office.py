"""What is done with other people's logins, by whom, and what power comes of it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.auth.office import POWER_WAITS
from risk.domain.actors import Ability, Actor, Role, Via, require_all
from risk.domain.events import ActionDenied, PersonChanged, Severity
from risk.domain.people import Setup
from risk.errors import Conflict, InvalidInput, LoginRefused, NotAllowed, ProofNeeded
from tests.fakes_people import EVERYWHERE, MONDAY, People, machine

A_DAY = timedelta(hours=24)


@pytest.fixture
def staffed(people: People) -> People:
    """Two admins, an officer whose power has begun, and a trader."""
    people.admit("anna", Role.ADMIN)
    people.admit("abel", Role.ADMIN)
    people.admit("olga", Role.OFFICER)
    people.admit("tom")
    return people


def power_begins(people: People, name: str) -> timedelta:
    """In how long somebody may approve."""
    return people.person(name).power_from - people.now


# --- who may -------------------------------------------------------------------------------


def everything(people: People, by: Actor, name: str) -> dict[str, Callable[[], object]]:
    """Each thing that an admin does with somebody."""
    office, seen = people.office, people.person(name).version
    return {
        "add": lambda: office.add(by, "nils", Role.TRADER),
        "change_role": lambda: office.change_role(by, name, Role.ANALYST, reason="why", seen=seen),
        "disable": lambda: office.disable(by, name, reason="left", seen=seen),
        "enable": lambda: office.enable(by, name, reason="back", seen=seen),
        "reset": lambda: office.reset(by, name, reason="lost it", seen=seen),
        "unlock": lambda: office.unlock(by, name, reason="why"),
    }


ASKED = ("add", "change_role", "disable", "enable", "reset", "unlock")


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_manages_people_and_who_else_tries_is_told_of(
    staffed: People, asked: str, role: Role
):
    staffed.admit("evan", role)
    told = staffed.listen(ActionDenied)
    before = staffed.office.people()

    with pytest.raises(NotAllowed, match="managing people and keys is not for"):
        everything(staffed, staffed.actor("evan"), "tom")[asked]()

    assert staffed.office.people() == before
    assert [(each.by, each.role) for each in told()] == [("evan", role.value)]


@pytest.mark.parametrize("asked", ASKED)
def test_an_admin_proves_first_who_he_is_and_that_is_no_denial(staffed: People, asked: str):
    told = staffed.listen(ActionDenied)
    stale = replace(staffed.actor("anna"), proven_at=MONDAY - timedelta(minutes=6))

    with pytest.raises(ProofNeeded):
        everything(staffed, stale, "tom")[asked]()

    assert told() == []


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    "differently",
    [{"disabled": MONDAY}, {"role": Role.TRADER}, {"must_change": True}],
    ids=["disabled", "another role", "not set up"],
)
def test_what_an_admin_was_when_he_signed_in_does_not_help_him(
    staffed: People, asked: str, differently: dict
):
    by = staffed.actor("abel")
    with staffed.store.changing() as work:
        abel = work.account("abel")
        work.keep(replace(abel, person=replace(abel.person, **differently)))

    with pytest.raises(NotAllowed, match="not what it was"):
        everything(staffed, by, "tom")[asked]()


@pytest.mark.parametrize("asked", ASKED)
def test_a_persona_of_a_demonstration_manages_nobody(staffed: People, asked: str):
    persona = Actor(name="anna", role=Role.ADMIN, via=Via.WEB, has_login=False)

    with pytest.raises(NotAllowed, match="not what it was"):
        everything(staffed, persona, "tom")[asked]()


# --- the first of all ----------------------------------------------------------------------


@EVERYWHERE
def test_whoever_has_the_machine_adds_the_first_admin_and_nobody_else(people: People):
    for role in Role:
        if role is not Role.ADMIN:
            with pytest.raises(NotAllowed, match="the first person is an admin"):
                people.office.add(machine(), "anna", role)

    first = people.office.add(machine(), "anna", Role.ADMIN)

    login = people.desk.sign_in("anna", first, "", via=Via.COMMAND_LINE).login
    assert login.setup == (Setup.PASSWORD, Setup.SECOND_FACTOR)
    assert people.person("anna").created_by == "root"


@EVERYWHERE
def test_until_somebody_has_signed_in_a_lost_first_password_can_be_renewed(people: People):
    people.office.add(machine(), "anna", Role.ADMIN)
    assert people.office.machine_may()

    renewed = people.office.reset(machine(), "anna", reason="lost it", seen=1)
    people.office.add(machine(), "abel", Role.ADMIN)
    people.desk.sign_in("anna", renewed, "", via=Via.COMMAND_LINE)

    assert not people.office.machine_may()
    for ask in (
        lambda: people.office.add(machine(), "mallory", Role.ADMIN),
        lambda: people.office.reset(machine(), "anna", reason="again", seen=2),
    ):
        with pytest.raises(NotAllowed, match="people have logins here"):
            ask()


def test_whoever_takes_all_away_by_hand_does_not_become_the_first_again(people: People):
    people.office.add(machine(), "anna", Role.ADMIN)
    with people.store.changing() as work:
        work.kept.accounts.clear()

    assert people.desk.anybody()
    assert not people.office.machine_may()
    with pytest.raises(NotAllowed, match="people have logins here"):
        people.office.add(machine(), "mallory", Role.ADMIN)


# --- adding --------------------------------------------------------------------------------


@EVERYWHERE
def test_somebody_new_has_a_first_password_that_is_kept_nowhere(staffed: People):
    told = staffed.listen(PersonChanged)

    first = staffed.office.add(staffed.actor("anna"), "nils", Role.TRADER)

    nils = staffed.person("nils")
    assert (nils.role, nils.created_by, nils.must_change, nils.version) == (
        Role.TRADER,
        "anna",
        True,
        1,
    )
    with staffed.store.reading() as view:
        assert first not in repr(view.accounts())
    assert [(each.what, each.by, each.severity) for each in told()] == [
        ("was added as trader", "anna", Severity.INFO)
    ]
    assert staffed.desk.sign_in("nils", first, "", via=Via.WEB).login.setup == (Setup.PASSWORD,)


@pytest.mark.parametrize(
    "name",
    ["", "Nils", "1nils", "nils nilsson", "nils!", "n" * 33, "nils\n", "ñils", "rule", "\0"],
)
def test_a_name_that_could_fool_a_reader_is_nobody_s(staffed: People, name: str):
    with pytest.raises(InvalidInput, match="cannot be a name"):
        staffed.office.add(staffed.actor("anna"), name, Role.TRADER)


def test_no_name_is_given_twice_not_even_of_somebody_disabled(staffed: People):
    staffed.office.disable(staffed.actor("anna"), "tom", reason="left", seen=1)

    with pytest.raises(InvalidInput, match="somebody is called tom already"):
        staffed.office.add(staffed.actor("anna"), "tom", Role.OFFICER)


@EVERYWHERE
def test_whom_a_provider_vouches_for_has_no_password_here(staffed: People):
    anna = staffed.actor("anna")

    assert staffed.office.add(anna, "paul", Role.TRADER, subject="p@x") == ""

    with pytest.raises(InvalidInput, match="the provider's p@x is paul here already"):
        staffed.office.add(anna, "peter", Role.TRADER, subject="p@x")
    with pytest.raises(InvalidInput, match="cannot be somebody's name at a provider"):
        staffed.office.add(anna, "peter", Role.TRADER, subject="")
    with pytest.raises(InvalidInput, match="reset it there"):
        staffed.office.reset(anna, "paul", reason="lost it", seen=1)
    assert staffed.person("paul").setup == ()


# --- changing ------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["change_role", "disable", "reset"])
def test_whoever_is_changed_is_signed_out_at_once(staffed: People, asked: str):
    token = staffed.sign_in("tom").token

    everything(staffed, staffed.actor("anna"), "tom")[asked]()

    assert staffed.desk.find(token) is None


@pytest.mark.parametrize("asked", ["change_role", "disable", "enable", "reset"])
def test_what_was_seen_must_still_be_so(staffed: People, asked: str):
    stale = everything(staffed, staffed.actor("anna"), "tom")
    staffed.office.change_role(staffed.actor("abel"), "tom", Role.VIEWER, reason="why", seen=1)

    with pytest.raises(Conflict, match="abel has changed tom meanwhile: look again"):
        stale[asked]()

    assert staffed.person("tom").version == 2


def test_somebody_disabled_cannot_sign_in_until_he_is_enabled(staffed: People):
    anna = staffed.actor("anna")
    staffed.office.disable(anna, "tom", reason="left", seen=1)
    with pytest.raises(LoginRefused):
        staffed.sign_in("tom")
    with pytest.raises(InvalidInput, match="disabled already"):
        staffed.office.disable(anna, "tom", reason="left", seen=2)

    staffed.office.enable(anna, "tom", reason="back", seen=2)

    assert staffed.sign_in("tom")
    with pytest.raises(InvalidInput, match="not disabled"):
        staffed.office.enable(anna, "tom", reason="back", seen=3)


@EVERYWHERE
def test_a_reset_takes_password_factor_and_known_browsers(staffed: People):
    device = staffed.sign_in("olga").device
    seen = staffed.person("olga").version

    first = staffed.office.reset(staffed.actor("anna"), "olga", reason="lost it", seen=seen)

    staffed.wait(seconds=30)
    with pytest.raises(LoginRefused):
        staffed.sign_in("olga")
    login = staffed.desk.sign_in("olga", first, "", via=Via.WEB, device=device).login
    assert login.setup == (Setup.PASSWORD, Setup.SECOND_FACTOR)
    with staffed.store.reading() as view:
        (record,) = view.logins("olga")
        assert not view.knows_device("olga", staffed.sealer.open("device", device))
        assert record.device != staffed.sealer.open("device", device)


@EVERYWHERE
def test_whoever_is_unlocked_may_try_at_once(staffed: People):
    for place in range(12):
        with pytest.raises(LoginRefused):
            staffed.sign_in("tom", password="not his", place=f"10.1.{place}.1")
    with pytest.raises(LoginRefused):
        staffed.sign_in("tom")

    staffed.office.unlock(staffed.actor("anna"), "tom", reason="he says so")

    assert staffed.sign_in("tom")
    with pytest.raises(InvalidInput, match="nobody is called 'tim'"):
        staffed.office.unlock(staffed.actor("anna"), "tim", reason="he says so")


@pytest.mark.parametrize("asked", ["change_role", "disable", "enable", "reset"])
def test_nobody_changes_his_own_login(staffed: People, asked: str):
    with pytest.raises(NotAllowed, match="nobody changes his own login"):
        everything(staffed, staffed.actor("anna"), "anna")[asked]()


@pytest.mark.parametrize("asked", ["disable", "change_role"])
def test_the_last_admin_stays(staffed: People, asked: str):
    """Also where the other one is there but disabled."""
    staffed.office.disable(staffed.actor("anna"), "abel", reason="left", seen=1)
    # Signed in before: what is asked twice at once.
    by = staffed.actor("anna")
    staffed.admit("arno", Role.ADMIN)
    staffed.office.disable(staffed.actor("arno"), "anna", reason="left", seen=1)

    with pytest.raises(NotAllowed, match="not what it was"):
        everything(staffed, by, "arno")[asked]()
    assert [p.name for p in staffed.office.people() if p.role is Role.ADMIN and not p.disabled] == [
        "arno"
    ]


@pytest.mark.parametrize("asked", ["disable", "change_role"])
def test_the_machine_cannot_take_the_last_admin_away_either(people: People, asked: str):
    people.office.add(machine(), "anna", Role.ADMIN)

    with pytest.raises(InvalidInput, match="anna is the last admin"):
        everything(people, machine(), "anna")[asked]()


def test_reasons_are_asked_for(staffed: People):
    anna = staffed.actor("anna")

    for reason in ("", "  ", "two\nlines", "x" * 501):
        with pytest.raises(InvalidInput, match="a reason is one line"):
            staffed.office.disable(anna, "tom", reason=reason, seen=1)
        with pytest.raises(InvalidInput, match="a reason is one line"):
            staffed.office.reset(anna, "tom", reason=reason, seen=1)


# --- power ---------------------------------------------------------------------------------


def test_the_first_officer_ever_has_his_power_at_once(people: People):
    people.admit("anna", Role.ADMIN)

    people.office.add(people.actor("anna"), "olga", Role.OFFICER)

    assert power_begins(people, "olga") == timedelta(0)


@pytest.mark.parametrize("asked", ["added", "raised", "reset", "enabled"])
def test_power_that_an_admin_gives_begins_a_day_later(staffed: People, asked: str):
    anna = staffed.actor("anna")
    staffed.admit("otto", Role.OFFICER, disabled=MONDAY if asked == "enabled" else None)
    match asked:
        case "added":
            staffed.office.add(anna, "nora", Role.OFFICER)
        case "raised":
            staffed.office.change_role(anna, "tom", Role.OFFICER, reason="why", seen=1)
        case "reset":
            staffed.office.reset(anna, "otto", reason="lost it", seen=1)
        case "enabled":
            staffed.office.enable(anna, "otto", reason="back", seen=1)
    whom = {"added": "nora", "raised": "tom"}.get(asked, "otto")

    assert power_begins(staffed, whom) == A_DAY == POWER_WAITS
    with pytest.raises(NotAllowed, match="your power over limits and breakers begins 2024-01-02"):
        require_all(staffed.actor(whom), Ability.APPROVE, at=staffed.now)
    staffed.wait(hours=24)
    require_all(staffed.actor(whom), Ability.APPROVE, at=staffed.now)


@pytest.mark.parametrize("how", ["disabled", "another role", "reset"])
def test_an_admin_does_not_get_round_the_wait_by_getting_rid_of_the_officers(
    staffed: People, how: str
):
    anna = staffed.actor("anna")
    match how:
        case "disabled":
            staffed.office.disable(anna, "olga", reason="x", seen=1)
        case "another role":
            staffed.office.change_role(anna, "olga", Role.VIEWER, reason="why", seen=1)
        case "reset":
            staffed.office.reset(anna, "olga", reason="x", seen=1)

    staffed.office.add(anna, "mine", Role.OFFICER)
    if how == "another role":
        staffed.office.change_role(anna, "olga", Role.OFFICER, reason="why", seen=2)
        assert power_begins(staffed, "olga") == A_DAY

    assert power_begins(staffed, "mine") == A_DAY


@EVERYWHERE
def test_whatever_gives_or_takes_power_is_told_to_people(staffed: People):
    told = staffed.listen(PersonChanged)
    anna = staffed.actor("anna")
    staffed.office.add(anna, "nora", Role.OFFICER)
    staffed.office.change_role(anna, "nora", Role.TRADER, reason="why", seen=1)
    staffed.office.change_role(anna, "tom", Role.ADMIN, reason="why", seen=1)
    staffed.office.reset(anna, "olga", reason="lost it", seen=1)
    staffed.office.vouch(vouching(staffed), "olga", reason="I know her", seen=2)
    staffed.office.disable(anna, "olga", reason="left", seen=3)
    staffed.office.enable(anna, "olga", reason="back", seen=4)

    critical = Severity.CRITICAL
    assert [(each.person, each.severity, each.deed, each.role) for each in told()] == [
        ("nora", Severity.WARNING, "added", "officer"),
        ("nora", critical, "role", "trader"),
        ("tom", critical, "role", "admin"),
        ("olga", critical, "reset", "officer"),
        ("olga", critical, "vouched", "officer"),
        ("olga", critical, "disabled", "officer"),
        ("olga", critical, "enabled", "officer"),
    ]
    # Tom has set up no second factor yet: he can undo nothing.
    assert [each.admins for each in told()] == [("abel",)] * 4 + [("abel", "anna")] + [
        ("abel",)
    ] * 2
    assert told()[0].power_from == MONDAY + A_DAY
    assert told()[1].power_from is None


def vouching(people: People) -> Actor:
    """An officer whose power has begun."""
    people.admit("otto", Role.OFFICER)
    return people.actor("otto")


def test_an_officer_who_knows_a_new_one_lets_his_power_begin(staffed: People):
    staffed.office.add(staffed.actor("anna"), "nora", Role.OFFICER)
    staffed.wait(hours=1)

    staffed.office.vouch(staffed.actor("olga"), "nora", reason="met her", seen=1)

    assert power_begins(staffed, "nora") == timedelta(0)
    assert staffed.person("nora").version == 2
    with pytest.raises(InvalidInput, match="has begun already"):
        staffed.office.vouch(staffed.actor("olga"), "nora", reason="met her", seen=2)


@EVERYWHERE
def test_who_waits_is_listed_with_those_who_can_vouch_as_it_is_then_taken(staffed: People):
    """Whoever is listed is let in, and nobody else: one rule for both."""
    anna = staffed.actor("anna")
    staffed.office.add(anna, "nora", Role.OFFICER)
    staffed.office.add(anna, "nils", Role.OFFICER)
    staffed.office.change_role(staffed.actor("abel"), "anna", Role.OFFICER, reason="why", seen=1)
    staffed.office.vouch(staffed.actor("olga"), "anna", reason="known", seen=2)
    staffed.office.disable(staffed.actor("abel"), "nils", reason="left", seen=1)

    (nora,) = staffed.office.waiting()
    assert (nora.person.name, nora.given_by, nora.vouchers) == ("nora", "anna", ("olga",))
    for name in ("anna", "abel", "nora", "tom"):
        with pytest.raises(NotAllowed):
            staffed.office.vouch(staffed.actor(name), "nora", reason="known", seen=1)
    for name in nora.vouchers:
        staffed.office.vouch(staffed.actor(name), "nora", reason="known", seen=1)
    assert staffed.office.waiting() == ()


def test_nobody_vouches_for_himself_nor_before_his_own_power_has_begun(staffed: People):
    anna = staffed.actor("anna")
    staffed.office.add(anna, "mine", Role.OFFICER)
    _set_up(staffed, "mine")
    staffed.office.reset(anna, "olga", reason="lost it", seen=1)
    _set_up(staffed, "olga")

    for by, whom in (("mine", "mine"), ("mine", "olga"), ("olga", "mine")):
        # Whatever is believed of him when he asks.
        for believed in (staffed.actor(by), replace(staffed.actor(by), power_from=None)):
            seen = staffed.person(whom).version
            with pytest.raises(NotAllowed):
                staffed.office.vouch(believed, whom, reason="trust me", seen=seen)
    assert power_begins(staffed, "mine") == A_DAY


def test_whoever_gave_the_power_does_not_vouch_for_it(staffed: People):
    """An admin who became an officer since."""
    staffed.office.add(staffed.actor("anna"), "mine", Role.OFFICER)
    staffed.office.change_role(staffed.actor("abel"), "anna", Role.OFFICER, reason="why", seen=1)
    staffed.office.vouch(staffed.actor("olga"), "anna", reason="known", seen=2)

    with pytest.raises(NotAllowed, match="you gave mine this power yourself"):
        staffed.office.vouch(staffed.actor("anna"), "mine", reason="trust me", seen=1)


@pytest.mark.parametrize("by", ["anna", "tom"])
def test_only_an_officer_vouches(staffed: People, by: str):
    staffed.office.add(staffed.actor("anna"), "nora", Role.OFFICER)

    with pytest.raises(NotAllowed, match="An officer can"):
        staffed.office.vouch(staffed.actor(by), "nora", reason="trust me", seen=1)


def test_there_must_be_power_that_could_begin(staffed: People):
    for whom in ("tom", "anna"):
        with pytest.raises(InvalidInput, match="no power over limits and breakers"):
            staffed.office.vouch(staffed.actor("olga"), whom, reason="known", seen=1)


def _set_up(people: People, name: str) -> None:
    with people.store.changing() as work:
        account = work.account(name)
        ready = replace(account.person, must_change=False, second_factor=True)
        work.keep(replace(account, person=ready, factor=people.sealer.seal("factor", "JBSWY3DP")))


# --- at once -------------------------------------------------------------------------------


@EVERYWHERE
def test_of_two_admins_at_once_one_wins_and_one_is_told(staffed: People):
    staffed.admit("arno", Role.ADMIN)
    gate, given = threading.Barrier(3), []

    def ask(name: str, role: Role) -> None:
        by = staffed.actor(name)
        gate.wait()
        try:
            staffed.office.change_role(by, "tom", role, reason="why", seen=1)
            given.append(name)
        except Conflict as problem:
            given.append(str(problem))

    asked = [("anna", Role.VIEWER), ("abel", Role.ANALYST), ("arno", Role.OFFICER)]
    threads = [threading.Thread(target=ask, args=each) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (winner,) = [each for each in given if each in {"anna", "abel", "arno"}]
    lost = [each for each in given if each != winner]
    assert lost == [f"{winner} has changed tom meanwhile: look again, then decide"] * 2
    assert staffed.person("tom").role is dict(asked)[winner]
    assert staffed.person("tom").version == 2


@EVERYWHERE
def test_two_admins_who_disable_each_other_leave_one(staffed: People):
    gate, given = threading.Barrier(2), []

    def ask(name: str, other: str) -> None:
        by = staffed.actor(name)
        gate.wait()
        try:
            staffed.office.disable(by, other, reason="it is me or him", seen=1)
            given.append("done")
        except (NotAllowed, InvalidInput):
            given.append("refused")

    threads = [
        threading.Thread(target=ask, args=pair) for pair in (("anna", "abel"), ("abel", "anna"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given) == ["done", "refused"]


@EVERYWHERE
def test_of_two_who_are_the_first_one_is_the_first(people: People):
    gate, given = threading.Barrier(2), []

    def ask() -> None:
        gate.wait()
        try:
            given.append(people.office.add(machine(), "anna", Role.ADMIN))
        except InvalidInput as problem:
            given.append(problem)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (first,) = [each for each in given if isinstance(each, str)]
    assert people.desk.sign_in("anna", first, "", via=Via.WEB)


# --- why -----------------------------------------------------------------------------------


def test_the_journal_knows_why_a_login_was_given_or_changed(staffed: People):
    anna, told = staffed.actor("anna"), staffed.listen(PersonChanged)

    staffed.office.add(anna, "nils", Role.TRADER, reason="joins the desk")
    staffed.office.add(anna, "nora", Role.TRADER)
    staffed.office.change_role(anna, "tom", Role.ANALYST, reason="proposes now", seen=1)
    staffed.office.unlock(anna, "tom", reason="he rang")

    assert [(each.person, each.what, each.reason) for each in told()] == [
        ("nils", "was added as trader", "joins the desk"),
        ("nora", "was added as trader", "new"),
        ("tom", "was given the role analyst instead of trader", "proposes now"),
        ("tom", "may try again at once", "he rang"),
    ]


def test_without_a_reason_nobody_gets_another_role_or_is_unlocked(staffed: People):
    anna = staffed.actor("anna")
    for ask in (
        lambda: staffed.office.change_role(anna, "tom", Role.OFFICER, reason=" ", seen=1),
        lambda: staffed.office.unlock(anna, "tom", reason=""),
        lambda: staffed.office.add(anna, "nils", Role.TRADER, reason="two\nlines"),
    ):
        with pytest.raises(InvalidInput, match="a reason is one line"):
            ask()
    assert staffed.person("tom").role is Role.TRADER
