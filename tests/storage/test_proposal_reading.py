"""What the page Changes reads beside the proposals: versions with what they changed, and counts."""

from datetime import timedelta

import pytest

from risk.domain.actions import ALONE
from risk.domain.actors import Role
from risk.domain.proposals import LIFE
from risk.errors import UnknownPortfolio
from risk.storage.engines import Engines, transaction
from risk.storage.proposals import ProposalDesk
from risk.storage.queries import FeedInfo, ProposalNews, SqlBookReader
from tests.builders import NOON, PORTFOLIO
from tests.policy_files import VAR
from tests.storage.adopting import person
from tests.storage.test_tuning import PLAIN, Past, with_limit

ANNA, BEN = person("anna", Role.ANALYST), person("ben", Role.OFFICER)


@pytest.fixture
def past(engines: Engines) -> Past:
    return Past(engines)


def test_versions_come_newest_first_with_who_and_what(past: Past) -> None:
    past.adopt(PLAIN, NOON - timedelta(days=2))
    past.adopt(with_limit(PLAIN, hard=0.09), NOON - timedelta(days=1))
    newest, first = past.reader.policy_versions(PORTFOLIO)

    assert [newest.policy.version, first.policy.version] == [2, 1]
    assert newest.policy.limit(VAR).hard == 0.09
    assert (newest.at, newest.by, newest.action) == (NOON - timedelta(days=1), "anna", 2)
    assert newest.approved_by == ALONE
    assert any(line.startswith(f"limit {VAR}: hard") for line in newest.what)


def test_without_a_policy_there_is_no_version(past: Past) -> None:
    assert list(past.reader.policy_versions(PORTFOLIO)) == []


def test_the_number_grows_with_whatever_happens_to_a_proposal(past: Past) -> None:
    past.adopt(PLAIN, NOON - timedelta(days=2))
    told = [past.reader.proposal_news(PORTFOLIO)]
    for wish in (0.09, 0.095):
        _propose(past, wish)
        told.append(past.reader.proposal_news(PORTFOLIO))
    with transaction(past.engines.writer) as connection:
        desk = ProposalDesk(connection, PORTFOLIO, at=NOON)
        desk.reject(2, reason="not now", actor=BEN)
    told.append(past.reader.proposal_news(PORTFOLIO))

    # The first policy was one too, decided at once.
    assert told == [ProposalNews(0, 2), ProposalNews(1, 3), ProposalNews(2, 4), ProposalNews(1, 5)]


def test_what_nobody_decided_in_time_does_not_wait(past: Past) -> None:
    past.adopt(PLAIN, NOON - timedelta(days=2))
    _propose(past, 0.09)
    feed = FeedInfo(label="simulated", simulated=True, seed=42)
    later = SqlBookReader(
        past.engines, feed=feed, cycle_seconds=1.0, wall=lambda: NOON + LIFE, first=PORTFOLIO
    )

    assert later.proposal_news(PORTFOLIO).waiting == 0


def test_a_book_that_nobody_knows_has_neither(past: Past) -> None:
    with pytest.raises(UnknownPortfolio):
        past.reader.proposal_news("nobody's")
    with pytest.raises(UnknownPortfolio):
        past.reader.policy_versions("nobody's")


def _propose(past: Past, hard: float) -> None:
    change = past.adopting(with_limit(PLAIN, hard=hard))
    with transaction(past.engines.writer) as connection:
        desk = ProposalDesk(connection, PORTFOLIO, at=NOON)
        desk.propose(change, reason="calmer", actor=ANNA)
