"""The web application: ``create_app`` makes it from what it shall read and may change.

Nothing imports this module: ``gunicorn app:server`` names it, and ``python app.py`` runs all of
Seawall on one machine.
"""

import gc
from collections.abc import Callable, Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
import structlog
from flask import request

from pages.access import (
    ACTIONS_EXTENSION,
    LOGINS_EXTENSION,
    OFFICE_EXTENSION,
    set_actor,
)
from pages.context import Book, BookReader
from pages.desk import WAYS_EXTENSION, Way
from pages.desk.single_sign_on import SIGN_ON_EXTENSION, way_of
from pages.gate import WebGate
from pages.origin import SITE_EXTENSION, Site
from pages.personas import persona
from pages.screens import ROUTING, SCREENS_EXTENSION, Screens
from pages.shell import register_behaviour, shell
from pages.theme import chosen_scheme
from pages.visitor import running_visitor
from pages.web import configure, tell_failure
from risk.commands.logs import configure_logs
from risk.commands.supervise import run
from risk.config import load_settings
from risk.domain.actors import Role
from risk.domain.people import Logins, PeopleOffice
from risk.domain.single_sign_on import SignOn
from risk.engine.actions import Actions
from risk.errors import SeawallError
from risk.runtime import build_actions, build_logins, build_office, build_reader, build_sign_on

#: Where nothing else is set.
THIS_MACHINE = Site()
_LOG = structlog.get_logger(__name__)


class SeawallWeb(dash.Dash):
    """Dash, with a first document that knows the browser's colour scheme before any script."""

    def interpolate_index(self, *parts: Any, **named: Any) -> str:
        scheme = chosen_scheme(request.cookies)
        return super().interpolate_index(*parts, **named).replace("{sw_scheme}", scheme)


_INDEX = """<!DOCTYPE html>
<html lang="en" data-mantine-color-scheme="{sw_scheme}" data-freshness="none">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>
"""


def create_app(
    reader: BookReader,
    actions: Actions,
    logins: Logins,
    office: PeopleOffice,
    *,
    site: Site = THIS_MACHINE,
    ways: Sequence[Way] = (),
    sign_on: SignOn | None = None,
) -> dash.Dash:
    """The dashboard of the books that `reader` reads.

    Parameters
    ----------
    reader : BookReader
        Asked on every request, from several threads at once.
    actions : Actions
        What people may change.
    logins : Logins
        Where people sign in.
    office : PeopleOffice
        Where their logins are managed.
    site : Site
        Under which names the pages are served.
    ways : sequence of Way
        Further ways to sign in, offered beside a password.
    sign_on : SignOn or None
        By whose word people sign in, too.
    """
    app = SeawallWeb(
        "app",
        use_pages=True,
        routing_callback_inputs=dict(ROUTING),
        title="Seawall",
        update_title="",
        index_string=_INDEX,
        compress=True,
        on_error=tell_failure,
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.server.extensions[SCREENS_EXTENSION] = Screens(reader)
    app.server.extensions[ACTIONS_EXTENSION] = actions
    app.server.extensions[LOGINS_EXTENSION] = logins
    app.server.extensions[OFFICE_EXTENSION] = office
    app.server.extensions[SITE_EXTENSION] = site
    app.server.extensions[SIGN_ON_EXTENSION] = sign_on
    by_word = () if sign_on is None else (way_of(sign_on),)
    app.server.extensions[WAYS_EXTENSION] = (*ways, *by_word)
    app.layout = lambda: _document(reader)
    register_behaviour(app)
    of_dash = list(app.server.before_request_funcs.get(None, ()))
    configure(app, WebGate(logins, simulated=reader.feed.simulated, site=site))
    _set_up(app, of_dash)
    return app


def _set_up(app: dash.Dash, steps: Sequence[Callable[[], object]]) -> None:
    """Dash sets up with the first request, and one that comes meanwhile fails on half of it."""
    with app.server.test_request_context("/"):
        # Somebody must stand in the layout that Dash looks at; nobody gets to see it.
        set_actor(persona(Role.VIEWER))
        for step in steps:
            step()


def _document(reader: BookReader) -> dmc.MantineProvider:
    return shell(
        feed=reader.feed,
        books=_books(reader),
        cycle_seconds=reader.cycle_seconds,
        scheme=chosen_scheme(request.cookies),
        visitor=running_visitor(reader.wall()),
    )


def _books(reader: BookReader) -> Sequence[Book]:
    """The books to choose from; the frame must stand even while the store does not answer."""
    try:
        return reader.books()
    except SeawallError as error:
        _LOG.warning("books_unavailable", error=str(error))
        return ()


def __getattr__(name: str) -> Any:
    """``app.server``, made when it is first asked for: ``python app.py`` needs none itself."""
    if name != "server":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    settings = load_settings()
    configure_logs(settings.log_level)
    app = create_app(
        build_reader(settings),
        build_actions(settings),
        build_logins(settings),
        build_office(settings),
        site=Site(host=settings.host, url=settings.web_url),
        sign_on=build_sign_on(settings),
    )
    server = app.server
    globals()["server"] = server
    server.extensions[SCREENS_EXTENSION].newest.start()
    _calm_garbage_collection()
    return server


def _calm_garbage_collection() -> None:
    """A search through all objects stops every answer for 100 ms; by default, every ten cycles.

    What is there now stays as long as the process; the screens remembered later are many objects
    and hardly ever garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 50)


if __name__ == "__main__":
    run()
