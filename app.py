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

from pages.context import CHANGES_EXTENSION, Book, BookReader, Changes
from pages.screens import ROUTING, SCREENS_EXTENSION, Screens
from pages.shell import register_behaviour, shell
from pages.theme import chosen_scheme
from pages.web import configure, tell_failure
from risk.commands.logs import configure_logs
from risk.commands.supervise import run
from risk.config import load_settings
from risk.errors import SeawallError
from risk.runtime import build_changes, build_reader

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


def create_app(reader: BookReader, changes: Changes) -> dash.Dash:
    """The dashboard of the books that `reader` reads.

    Parameters
    ----------
    reader : BookReader
        Asked on every request, from several threads at once.
    changes : Changes
        Where what people choose is written.
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
    app.server.extensions[CHANGES_EXTENSION] = changes
    app.layout = lambda: _document(reader)
    register_behaviour(app)
    of_dash = list(app.server.before_request_funcs.get(None, ()))
    configure(app)
    _set_up(app, of_dash)
    return app


def _set_up(app: dash.Dash, steps: Sequence[Callable[[], object]]) -> None:
    """Dash sets up with the first request, and one that comes meanwhile fails on half of it."""
    with app.server.test_request_context("/"):
        for step in steps:
            step()


def _document(reader: BookReader) -> dmc.MantineProvider:
    return shell(
        feed=reader.feed,
        books=_books(reader),
        cycle_seconds=reader.cycle_seconds,
        scheme=chosen_scheme(request.cookies),
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
    server = create_app(build_reader(settings), build_changes(settings)).server
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
