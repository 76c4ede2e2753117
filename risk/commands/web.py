"""``seawall web``: the pages alone, without the engine."""

import os

import click
import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app

from risk.commands.store import checked_engines_of
from risk.commands.web_worker import WebWorker
from risk.config import Settings, load_settings
from risk.domain.hosts import is_this_machine
from risk.engine.lifeline import inherited_lifeline
from risk.engine.supervision import port_is_free
from risk.entrance import entrance_of
from risk.errors import SettingInvalid

_LOG = structlog.get_logger(__name__)


class Pages(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured here rather than by its own files and variables."""

    def __init__(self, options: dict[str, object]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Take our options and nothing else."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        """The web application; each worker builds its own."""
        return import_app("app:server")


def gunicorn_options(settings: Settings) -> dict[str, object]:
    """How gunicorn serves the pages.

    One worker: what it remembers of the store is then one memory, and threads suffice because
    pages mostly wait for the database.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.web_port}",
        "worker_class": f"{WebWorker.__module__}.{WebWorker.__name__}",
        "workers": 1,
        "threads": 8,
        # A long address is answered by our own words.
        "limit_request_line": 8190,
        "timeout": 30,
        "graceful_timeout": 2,
        # Longer than a page ever waits between two questions, so that its connection stays.
        "keepalive": 10,
        "loglevel": "warning",
        "proc_name": "seawall-web",
        # Its file would be shared by every gunicorn of this user.
        "control_socket_disable": True,
        # What a proxy says of those for whom it asks is judged by the gate, and by nothing else.
        "forwarded_allow_ips": "",
        # Who asked for what is in the journal; an address may hold what is nobody's business.
        "accesslog": None,
    }


def probed_host(settings: Settings) -> str:
    """Where this machine itself reaches the web."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # nosec B104


def require_login_elsewhere(settings: Settings) -> None:
    """Refuse to listen to other machines while nobody has a login.

    Raises
    ------
    SettingInvalid
        If they could be let in only without one.
    """
    if is_this_machine(settings.host):
        return
    with entrance_of(settings) as entrance:
        somebody = entrance.logins.anybody()
    if not somebody:
        raise SettingInvalid(
            "SEAWALL_HOST",
            f"is {settings.host}, which other machines reach, and nobody has a login yet: give "
            "the first one by `seawall users add NAME --role admin`, then start again",
        )
    if settings.web_url is None:
        _LOG.warning(
            "passwords_in_the_clear",
            host=settings.host,
            told="put a proxy that speaks TLS before it, and its address into SEAWALL_WEB_URL",
        )


def require_free_port(settings: Settings) -> None:
    """Refuse a port that cannot be listened on.

    Raises
    ------
    SettingInvalid
        If the port is taken, or not ours to take.
    """
    if not port_is_free(settings.host, settings.web_port):
        raise SettingInvalid(
            "SEAWALL_WEB_PORT",
            f"is {settings.web_port}, which this program cannot open on {settings.host}: "
            "end the program that uses it, or choose another port",
        )


@click.command()
def web() -> None:
    """Serve the web pages until told to end; the engine runs apart from them."""
    settings = load_settings()
    require_free_port(settings)
    # A database that cannot be used is told here in a sentence, and not by each worker at length.
    with checked_engines_of(settings):
        pass
    require_login_elsewhere(settings)
    lifeline = inherited_lifeline(os.environ)
    if lifeline is not None:
        lifeline.end_with_supervisor()
    Pages(gunicorn_options(settings)).run()
