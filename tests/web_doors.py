"""Every door of the web, and what whoever comes in by it must be able to do.

`tests/pages/test_web_doors.py` goes to each with everybody. It fails where a door exists that does
not stand here, and where one stands here that exists no more: whoever adds a callback or a route
writes down for whom. Programs' doors and commands are in `tests/doors.py`.
"""

from collections.abc import Mapping
from enum import StrEnum

from risk.domain.actors import Ability


class Open(StrEnum):
    """Why somebody without a login may come in there."""

    FILES = "it holds nobody's numbers"
    HEALTH = "it only says that the web answers"
    SIGN_IN = "one signs in there"


_VIEW, _OVERRIDE, _HALT = Ability.VIEW, Ability.OVERRIDE, Ability.HALT

#: Callbacks, by the function that answers them. Those that show something need no guard of their
#: own: the gate lets nobody near them who may not look.
CALLBACKS: Mapping[str, Ability] = {
    "dash.dash.Dash.enable_pages.<locals>.router_sync.<locals>.update": _VIEW,
    "pages.breakers.apply_override": _OVERRIDE,
    "pages.breakers.follow_form": _OVERRIDE,
    "pages.breakers.judge": _OVERRIDE,
    "pages.breakers.open_stop": _HALT,
    "pages.breakers.show_effect": _OVERRIDE,
    "pages.breakers.show_panel": _VIEW,
    "pages.breakers.show_reviews": _VIEW,
    "pages.breakers.stop_scope": _HALT,
    "pages.change_editor.send_it": Ability.REQUEST_LIMIT,
    "pages.change_editor.show_effect": _VIEW,
    "pages.change_editor.show_past": _VIEW,
    "pages.changes.approve": Ability.APPROVE,
    "pages.changes.close_dialog": _VIEW,
    "pages.changes.show_dialog": _VIEW,
    "pages.changes.turn_down": Ability.REQUEST_LIMIT,
    "pages.exposure.show_room": _VIEW,
    "pages.gallery.say_who_proved": _VIEW,
    "pages.gallery.show_toasts": _VIEW,
    "pages.journal.save_file": _VIEW,
    "pages.limits.save_file": _VIEW,
    "pages.model_health.confirm": Ability.PROPOSE,
    "pages.model_health.keep": _VIEW,
    "pages.model_health.show_preview": _VIEW,
    "pages.model_health.show_what_waits": _VIEW,
    "pages.orders.show_room": _VIEW,
    "pages.screens.live_page.<locals>.show_newest": _VIEW,
}

#: Routes, by method and rule.
ROUTES: Mapping[str, Ability | Open] = {
    "GET /": _VIEW,
    "GET /<path:path>": _VIEW,
    "GET /_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": Open.FILES,
    "GET /_dash-dependencies": _VIEW,
    "GET /_dash-layout": _VIEW,
    "GET /_favicon.ico": Open.FILES,
    "GET /_reload-hash": _VIEW,
    "GET /account": _VIEW,
    "GET /assets/<path:filename>": Open.FILES,
    "GET /healthz": Open.HEALTH,
    "GET /live": _VIEW,
    "GET /login": Open.SIGN_IN,
    "GET /people": Ability.MANAGE_PEOPLE,
    "GET /people/<name>": Ability.MANAGE_PEOPLE,
    "GET /static/<path:filename>": _VIEW,
    "GET /vouching": Ability.APPROVE,
    "POST /_dash-update-component": _VIEW,
    "POST /account/factor": _VIEW,
    "POST /account/factor/confirm": _VIEW,
    "POST /account/logins/end": _VIEW,
    "POST /account/password": _VIEW,
    "POST /enter": _VIEW,
    "POST /login": Open.SIGN_IN,
    "POST /logout": _VIEW,
    "POST /people": Ability.MANAGE_PEOPLE,
    "POST /people/<name>": Ability.MANAGE_PEOPLE,
    "POST /prove": _VIEW,
    "POST /vouching": Ability.APPROVE,
}
