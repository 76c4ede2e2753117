"""What the web reads and changes, and where people sign in."""

from functools import partial

from risk.auth.journal_key import known_public_keys
from risk.auth.service_key import require_service_key
from risk.channels import channel_names
from risk.config import Settings
from risk.domain.single_sign_on import SignOn
from risk.engine.actions import Actions
from risk.engine.clock import wall_time
from risk.engine.line import Line
from risk.feeds.files import label_of
from risk.runtime.database import open_database
from risk.storage.bars import SIMULATED
from risk.storage.chain_watch import ChainWatch
from risk.storage.changes import SqlChanges
from risk.storage.queries import FeedInfo, SqlBookReader


def build_reader(settings: Settings) -> SqlBookReader:
    """What the web reads.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    engines = open_database(settings)
    return SqlBookReader(
        engines,
        feed=_feed_info(settings),
        cycle_seconds=settings.cycle_seconds,
        wall=wall_time,
        first=settings.portfolio,
        chain=ChainWatch(
            engines, keys=lambda: known_public_keys(settings.journal_key), wall=wall_time
        ),
    )


def _feed_info(settings: Settings) -> FeedInfo:
    if settings.feed == SIMULATED:
        return FeedInfo(label=SIMULATED, simulated=True, seed=settings.seed)
    label = label_of(settings.prices) if settings.prices else settings.feed
    return FeedInfo(label=label, simulated=False)


def build_changes(settings: Settings) -> SqlChanges:
    """What the web may change: it asks by the database, and needs no lease.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    channels = partial(channel_names, settings.notify_urls)
    return SqlChanges(open_database(settings), wall=wall_time, channels=channels)


def build_actions(settings: Settings) -> Actions:
    """What people change: by the database, and by the line to the authority what cannot wait.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    brake = Line(settings.api_url, lambda: require_service_key(settings.home))
    return Actions(build_changes(settings), brake, wall=wall_time)


def build_sign_on(settings: Settings) -> SignOn | None:
    """The provider by whose word people sign in; None where there is none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    # Not at the top: its libraries take a while to import, and most houses have no provider.
    from risk.auth.oidc import OidcProvider, OidcSettings  # noqa: PLC0415

    return OidcProvider(
        OidcSettings(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret or "",
            name=settings.oidc_name,
            strong=frozenset(settings.oidc_strong),
        ),
        wall=wall_time,
    )
