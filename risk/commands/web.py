"""``seawall web``: the pages alone, without the engine."""

import os

import click
from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app

from risk.commands.store import checked_engines_of
from risk.commands.web_worker import WebWorker
from risk.config import Settings, load_settings
from risk.engine.lifeline import inherited_lifeline
from risk.engine.supervision import port_is_free
from risk.errors import SettingInvalid


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
    }


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
    lifeline = inherited_lifeline(os.environ)
    if lifeline is not None:
        lifeline.end_with_supervisor()
    Pages(gunicorn_options(settings)).run()
