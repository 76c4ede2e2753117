"""Seawall whole, on one machine: the engine and the web, each kept alive by itself.

``python app.py`` comes here.
"""

from collections.abc import Callable

import click

from risk.commands.group import errors_in_words
from risk.commands.logs import say
from risk.commands.store import engines_of
from risk.commands.web import probed_host, require_free_port, require_login_elsewhere
from risk.config import Settings, load_settings
from risk.engine.supervision import Patience, Plan, Supervisor, http_probe, python
from risk.storage.schema import upgrade

# So many times its interval may a cycle take before the engine counts as frozen.
_CYCLES_OF_SILENCE = 10


def plans(settings: Settings, *, say: Callable[[str], None]) -> tuple[Plan, Plan]:
    """The two processes: the engine first, for the web only shows what the engine finds."""
    host, told = probed_host(settings), _where(settings)
    return (
        Plan(
            name="engine",
            command=python("-m", "risk", "engine"),
            patience=Patience(silence=max(15.0, _CYCLES_OF_SILENCE * settings.cycle_seconds)),
            refusal_ends_all=True,
        ),
        Plan(
            name="web",
            command=python("-m", "risk", "web"),
            probe=http_probe(host, settings.web_port, "/healthz"),
            # At equal priority, busy browsers made order checks nine times slower.
            niceness=10,
            # gunicorn puts a new worker in the place of one that died, and that begins with all
            # imports: half a minute where everything is busy. Killing it then begins anew.
            patience=Patience(silence=60.0),
            on_alive=lambda: say(f"Seawall is on {told} (Ctrl-C ends it)."),
        ),
    )


def supervise(settings: Settings, *, say: Callable[[str], None]) -> int:
    """Prepare the database, then run engine and web until told to end.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    SettingInvalid
        If the web's port is taken, or it would listen to other machines and nobody has a login.
    StoreError
        If the database cannot be prepared.
    """
    require_free_port(settings)
    with engines_of(settings) as engines:
        upgrade(engines)
    require_login_elsewhere(settings)
    return Supervisor(plans(settings, say=say), say=say).run()


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Run Seawall on this machine: the risk engine and its web pages."""
    with errors_in_words():
        ctx.exit(supervise(load_settings(), say=say))


def _where(settings: Settings) -> str:
    """Where people reach the pages; behind a proxy also where that must send what it is asked."""
    here = f"{_in_url(probed_host(settings))}:{settings.web_port}"
    if settings.web_url is None:
        return f"http://{here}"
    everywhere = settings.host != probed_host(settings)
    port = f"port {settings.web_port} of this machine" if everywhere else here
    return f"{settings.web_url}, once a proxy for it sends to {port}"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
