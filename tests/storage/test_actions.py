"""What people ask of a book: kept in order, for ever, and taken in once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.domain.actions import BY_SETTING, BookModelInUse, ChooseBookModel
from risk.domain.asking import LONGEST_NAME
from risk.domain.market import Period
from risk.domain.model import Models
from risk.errors import Conflict, InvalidInput, StateUnreadable, UnknownPortfolio
from risk.portfolio.forecasting import measured_by
from risk.storage import codec
from risk.storage import models as stored_models
from risk.storage.actions import SqlActions, actions_after, model_standing
from risk.storage.changes import SqlChanges
from risk.storage.engines import Engines, transaction
from risk.storage.portfolios import add_portfolio
from risk.storage.queries import FeedInfo, SqlBookReader
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO, build_models, build_record
from tests.storage.adopting import asked, choosing, machine
from tests.storage.persons import by
from tests.storage.rows import lease_token, read, write


@pytest.fixture(autouse=True)
def portfolio(engines: Engines) -> None:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)


def chosen(
    engines: Engines, model: str, who: str = "anna", *, seen: int | None = None
) -> ChooseBookModel:
    with transaction(engines.writer) as connection:
        made = asked(connection, PORTFOLIO, choosing(model, seen=seen), who=who)
        (action,) = actions_after(connection, PORTFOLIO, (made.action or 0) - 1)
    return action


def standing(engines: Engines):
    with transaction(engines.reader) as connection:
        return model_standing(connection, PORTFOLIO)


def saved(engines: Engines, in_use: BookModelInUse | None, *, action_seq: int) -> None:
    """A cycle after which this model is in use."""
    record = build_record(1)
    state = replace(record.state, book_model=in_use, action_seq=action_seq)
    token = lease_token(engines, PORTFOLIO)
    SqlStore(engines).save(replace(record, state=state), token=token)


def test_choices_are_numbered_from_one_and_read_after_the_last_one_seen(engines: Engines):
    first, second = chosen(engines, "adaptive"), chosen(engines, "historical_250", who="ben")
    actions = SqlActions(engines, PORTFOLIO)

    assert list(actions.after(0)) == [first, second]
    assert list(actions.after(1)) == [second]
    assert list(actions.after(2)) == []
    assert (second.seq, second.who, second.at) == (2, "ben", NOON)


def test_books_have_their_own_numbers(engines: Engines):
    with transaction(engines.writer) as connection:
        add_portfolio(connection, "other", at=NOON)
        asked(connection, "other", choosing("adaptive"))
    chosen(engines, "adaptive")

    assert [action.seq for action in SqlActions(engines, PORTFOLIO).after(0)] == [1]


def test_an_unknown_model_portfolio_or_author_is_refused(engines: Engines):
    with pytest.raises(InvalidInput, match="did you mean adaptive"):
        chosen(engines, "adaptve")
    with pytest.raises(InvalidInput, match="must have a name"):
        chosen(engines, "adaptive", who=" ")
    with pytest.raises(InvalidInput, match="must have a name"):
        chosen(engines, "adaptive", who="x" * (LONGEST_NAME + 1))
    with (
        pytest.raises(UnknownPortfolio, match="did you mean demo"),
        transaction(engines.writer) as connection,
    ):
        asked(connection, "dem", choosing("adaptive"))
    assert list(SqlActions(engines, PORTFOLIO).after(0)) == []


def test_a_choice_that_waits_already_is_refused_and_another_one_is_not(engines: Engines):
    chosen(engines, "adaptive")

    with pytest.raises(InvalidInput, match="Adaptive history was chosen already and waits"):
        chosen(engines, "adaptive")
    assert chosen(engines, "historical_250").seq == 2


@pytest.mark.parametrize("name", ["\x1b[31mred", "red\nX", "a\u202eb", "\udcff", "nul\x00"])
def test_a_name_that_could_fool_a_reader_is_refused(engines: Engines, name: str):
    with pytest.raises(InvalidInput, match="printable"):
        chosen(engines, "adaptive", who=name)


def test_what_was_compared_before_somebody_else_chose_is_refused(engines: Engines):
    first = chosen(engines, "adaptive", who="anna")

    with pytest.raises(Conflict, match="Adaptive history was chosen by anna meanwhile"):
        chosen(engines, "historical_250", "ben", seen=first.seq - 1)
    saved(engines, BookModelInUse("adaptive", "anna", NOON), action_seq=first.seq)
    with pytest.raises(Conflict, match="meanwhile"):
        chosen(engines, "historical_250", "ben", seen=first.seq - 1)
    chosen(engines, "historical_250", "ben", seen=first.seq)


def test_the_model_in_use_cannot_be_chosen_again(engines: Engines):
    saved(engines, BookModelInUse("adaptive", "anna", NOON), action_seq=0)

    with pytest.raises(InvalidInput, match="adaptive is in use already"):
        chosen(engines, "adaptive")


def test_while_another_choice_waits_one_can_go_back_to_the_model_in_use(engines: Engines):
    saved(engines, BookModelInUse("adaptive", "anna", NOON), action_seq=0)
    chosen(engines, "historical_250")

    assert chosen(engines, "adaptive").seq == 2


def test_before_any_cycle_nothing_is_in_use_and_a_choice_waits(engines: Engines):
    assert standing(engines) == (None, None)

    waiting = chosen(engines, "adaptive")

    assert standing(engines) == (None, waiting)


def test_what_a_cycle_took_in_waits_no_more(engines: Engines):
    chosen(engines, "adaptive")
    last = chosen(engines, "historical_250")
    in_use = BookModelInUse("filtered_evt", BY_SETTING, None)
    saved(engines, in_use, action_seq=1)

    assert standing(engines) == (in_use, last)


def test_the_state_with_its_model_comes_back(engines: Engines):
    in_use = BookModelInUse("adaptive", "anna", NOON)
    saved(engines, in_use, action_seq=3)
    carried = SqlStore(engines).load(PORTFOLIO)

    assert carried is not None
    assert (carried.state.book_model, carried.state.action_seq) == (in_use, 3)


def test_the_web_asks_by_the_store_and_needs_no_lease(engines: Engines):
    somebody = machine("somebody")
    changes = by(SqlChanges(engines, wall=lambda: NOON), somebody)
    changes.propose(PORTFOLIO, choosing("adaptive", seen=0), reason="agreed", actor=somebody)

    (action,) = SqlActions(engines, PORTFOLIO).after(0)
    assert (action.model, action.who, action.at) == ("adaptive", "somebody", NOON)
    with pytest.raises(InvalidInput, match="waits for the engine"):
        changes.propose(PORTFOLIO, choosing("adaptive", seen=1), reason="agreed", actor=somebody)


def test_the_screens_see_what_waits(engines: Engines):
    info = FeedInfo(label="simulated", simulated=True)
    reader = SqlBookReader(
        engines, feed=info, cycle_seconds=1.0, wall=lambda: NOON, first=PORTFOLIO
    )
    assert reader.waiting_model(PORTFOLIO) is None

    waiting = chosen(engines, "adaptive")

    assert reader.waiting_model(PORTFOLIO) == waiting
    with pytest.raises(UnknownPortfolio):
        reader.waiting_model("nobody")


def test_a_kind_of_a_newer_program_is_refused_with_what_to_do(engines: Engines):
    write(
        engines,
        "INSERT INTO action VALUES (:portfolio, 1, 0, 'anna', 'ChooseLunch', '{}', NULL)",
        portfolio=PORTFOLIO,
    )

    with pytest.raises(StateUnreadable, match="its kind 'ChooseLunch' is unknown"):
        SqlActions(engines, PORTFOLIO).after(0)


def test_a_body_that_holds_no_choice_is_refused():
    with pytest.raises(StateUnreadable, match="ChooseBookModel"):
        codec.decode_action("ChooseBookModel", '{"model":7}', seq=1, at=NOON, who="anna")


def test_people_who_choose_at_once_get_numbers_without_a_hole(engines: Engines):
    names = ["adaptive", "historical_250", "historical_500", "parametric_t"]
    threads = [threading.Thread(target=chosen, args=(engines, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [seq for (seq,) in read(engines, "SELECT seq FROM action ORDER BY seq")] == [1, 2, 3, 4]


def test_a_model_chosen_between_two_closes_is_kept_and_the_one_before_it_held_until_then(
    engines: Engines,
):
    before = build_models(closed=NOON)
    after = Models(day=measured_by(before.day, "historical_250"), hour=before.hour)
    token = lease_token(engines, PORTFOLIO)
    store = SqlStore(engines)
    store.save(build_record(1, models=before, at=NOON + timedelta(seconds=1)), token=token)
    store.save(build_record(2, models=after, at=NOON + timedelta(hours=2)), token=token)

    assert store.load(PORTFOLIO).models.day.spec.method == "historical_250"
    held = {NOON: "filtered_evt", NOON + timedelta(hours=1): "filtered_evt"}
    held[NOON + timedelta(hours=2)] = "historical_250"
    for at, method in held.items():
        with transaction(engines.reader) as connection:
            body = stored_models.body_at(connection, PORTFOLIO, Period.DAY, at=at)
        assert stored_models.restored(body).spec.method == method
