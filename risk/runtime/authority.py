"""The engine over a portfolio, as the command line runs it."""

import os
import signal
import socket
import time
from datetime import timedelta

import structlog

from risk.channels import channels_of
from risk.config import Settings
from risk.engine.authority import Authority, Beat
from risk.engine.clock import wall_time
from risk.engine.gate import Gate
from risk.engine.notary import NotaryView
from risk.errors import LeaseLost, SeawallError, StoreError
from risk.runtime.database import open_database
from risk.runtime.post import Post
from risk.runtime.world import world_of
from risk.storage.engines import Engines, transaction
from risk.storage.failures import note_failure
from risk.storage.lease import LEASE_LIFE, SqlLeaseOffice

_LOG = structlog.get_logger(__name__)


class Engine:
    """An authority with its database, as the command line runs it.

    Attributes
    ----------
    engines : Engines
    portfolio : str
    """

    def __init__(self, authority: Authority, engines: Engines, portfolio: str, post: Post) -> None:
        self._authority = authority
        self._post = post
        self.engines = engines
        self.portfolio = portfolio

    def gate(self) -> Gate | None:
        """What answers orders; None while another engine rules, or this one prepares."""
        return self._post.gate

    def notary(self) -> NotaryView | None:
        """How signing the journal fares; None while another engine rules, or this one prepares."""
        notary = self._post.notary
        return None if notary is None else notary.view

    def run(self, *, beat: Beat) -> None:
        """Take turns until SIGTERM or SIGINT; `beat` is called after each.

        Why it could not go on is noted for the screens before it is raised.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._authority.end())
        try:
            self._authority.run(beat=beat)
        except LeaseLost:
            raise  # another engine goes on
        except Exception as failure:
            self._note(failure)
            raise
        finally:
            self.engines.dispose()

    def _note(self, failure: Exception) -> None:
        told = str(failure) if isinstance(failure, SeawallError) else repr(failure)
        problem = f"The engine cannot go on: {told}."
        try:
            with transaction(self.engines.writer) as connection:
                note_failure(connection, self.portfolio, at=wall_time(), problem=problem)
        except StoreError as error:
            _LOG.warning("failure_not_noted", problem=str(error))


def build_authority(settings: Settings) -> Engine:
    """The engine over the portfolio of the settings.

    Raises
    ------
    InvalidInput
        If a setting does not fit what the portfolio has lived through, or if an address for
        notices is of no use.
    UnknownPortfolio
        If nobody added the portfolio; the demo adds its own.
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    channels = channels_of(settings.notify_urls, settings.notify_hosts)
    engines = open_database(settings)
    post = Post(world_of(settings, engines), engines, channels)
    authority = Authority(
        portfolio=settings.portfolio,
        holder=f"{socket.gethostname()}/{os.getpid()}",
        office=SqlLeaseOffice(engines),
        lease_life=LEASE_LIFE,
        prepare=post.prepare,
        listen=post.listen,
        finish=post.finish,
        keep_house=post.keep_house,
        monotonic=time.monotonic,
        interval=timedelta(seconds=settings.cycle_seconds),
    )
    return Engine(authority, engines, settings.portfolio, post)
