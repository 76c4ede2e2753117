"""Every door of Seawall, and what whoever comes in by it must be able to do.

`tests/test_doors.py` goes to each with everybody. It fails where a door exists that does not stand
here, and where one stands here that exists no more: whoever adds a door writes down for whom.
"""

from collections.abc import Mapping
from enum import StrEnum

from risk.domain.actors import Ability
from risk.domain.keys import KeyAbility

# --- of programs ---------------------------------------------------------------------------

_READ, _VALIDATE, _COMMAND = KeyAbility.READ, KeyAbility.VALIDATE, KeyAbility.COMMAND
Needed = frozenset[KeyAbility] | None
#: Nobody needs a key there.
NO_KEY: Needed = None
#: Any key will do.
ANY_KEY: Needed = frozenset()
READ: Needed = frozenset({_READ})
VALIDATE: Needed = frozenset({_VALIDATE})
READ_OR_VALIDATE: Needed = frozenset({_READ, _VALIDATE})
COMMAND: Needed = frozenset({_COMMAND})

#: Of the authority, by method and path; a key needs one of the abilities.
ENDPOINTS: Mapping[str, Needed] = {
    "POST /api/v1/orders/validate": VALIDATE,
    "POST /api/v1/orders/{client_order_id}/fills": VALIDATE,
    "GET /api/v1/orders/{client_order_id}": READ_OR_VALIDATE,
    "GET /api/v1/orders/{client_order_id}/answer": READ_OR_VALIDATE,
    "DELETE /api/v1/orders/{client_order_id}": VALIDATE,
    "POST /api/v1/signals/validate": VALIDATE,
    "POST /api/v1/commands": COMMAND,
    "POST /api/v1/leases": VALIDATE,
    "GET /api/v1/reductions": READ,
    "POST /api/v1/reductions/{id}/ack": VALIDATE,
    "GET /api/v1/reservations": READ,
    "GET /api/v1/status": READ,
    "GET /api/v1/positions": READ,
    "GET /api/v1/limits": READ,
    "GET /api/v1/breakers": READ,
    "GET /api/v1/metrics": READ,
    "GET /api/v1/events": READ,
    "GET /api/v1/events/stream": READ,
    "GET /api/v1/openapi.json": ANY_KEY,
    "GET /metrics": READ,
    "GET /healthz": NO_KEY,
    "GET /readyz": NO_KEY,
}

#: For language models, by name; the key is that of whoever asks.
TOOLS: Mapping[str, Needed] = {
    "validate_order": VALIDATE,
    "validate_signal": VALIDATE,
    "report_fill": VALIDATE,
    "cancel_order": VALIDATE,
    "order_standing": READ_OR_VALIDATE,
    "explain_decision": READ_OR_VALIDATE,
    "status": READ,
    "limits": READ,
    "positions": READ,
    "reductions": READ,
    "acknowledge_reduction": VALIDATE,
    "halt": COMMAND,
}

# --- of people, on the command line ----------------------------------------------------------


class Free(StrEnum):
    """Why nobody needs to be able to do anything there."""

    NO_BOOK = "it touches no book, and reads none"
    MACHINE = "it is the machine's own, or must not rely on who is in the database"
    ONESELF = "it is about oneself, or how one comes in"
    KEY = "a key decides"


#: Every command, by its name: what whoever runs it must be able to do.
COMMANDS: Mapping[str, Ability | Free] = {
    "breakers list": Ability.VIEW,
    "breakers override": Ability.OVERRIDE,
    "breakers release": Ability.OVERRIDE,
    "breakers review": Ability.OVERRIDE,
    "breakers reviews": Ability.VIEW,
    "breakers show": Ability.VIEW,
    "engine": Free.MACHINE,
    "events schema": Free.NO_BOOK,
    "halt": Ability.HALT,
    "halts": Ability.VIEW,
    "journal checkpoint": Free.MACHINE,
    "journal export": Ability.VIEW,
    "journal list": Ability.VIEW,
    "journal recompute order": Ability.VIEW,
    "journal recompute trip": Ability.VIEW,
    "journal show": Ability.VIEW,
    "journal verify": Free.MACHINE,
    "keys add": Ability.MANAGE_PEOPLE,
    "keys list": Ability.VIEW,
    "keys revoke": Ability.MANAGE_PEOPLE,
    "limits list": Ability.VIEW,
    "limits raise": Ability.REQUEST_LIMIT,
    "limits restore": Ability.REQUEST_LIMIT,
    "login": Free.ONESELF,
    "logout": Free.ONESELF,
    "mcp": Free.KEY,
    "migrate": Free.MACHINE,
    "notify list": Ability.VIEW,
    "notify test": Free.MACHINE,
    "openapi": Free.NO_BOOK,
    "policy check": Free.NO_BOOK,
    "policy diff": Ability.VIEW,
    "policy export": Ability.VIEW,
    "policy history": Ability.VIEW,
    "policy import": Ability.PROPOSE,
    "portfolios add": Ability.MANAGE_BOOKS,
    "portfolios fund": Ability.MANAGE_BOOKS,
    "portfolios import": Ability.MANAGE_BOOKS,
    "portfolios list": Ability.VIEW,
    "prices check": Free.NO_BOOK,
    "prices import": Ability.MANAGE_BOOKS,
    "replay": Free.NO_BOOK,
    "proposals approve": Ability.APPROVE,
    "proposals list": Ability.VIEW,
    "proposals reject": Ability.APPROVE,
    "proposals revert": Ability.PROPOSE,
    "proposals show": Ability.VIEW,
    "proposals withdraw": Ability.REQUEST_LIMIT,
    "reservations list": Ability.VIEW,
    "reservations release": Ability.RESUME,
    "resume": Ability.RESUME,
    "settings": Free.NO_BOOK,
    "users add": Ability.MANAGE_PEOPLE,
    "users disable": Ability.MANAGE_PEOPLE,
    "users enable": Ability.MANAGE_PEOPLE,
    "users list": Ability.MANAGE_PEOPLE,
    "users passwd": Free.ONESELF,
    "users rescue": Free.MACHINE,
    "users reset": Ability.MANAGE_PEOPLE,
    "users role": Ability.MANAGE_PEOPLE,
    "users unlock": Ability.MANAGE_PEOPLE,
    "users vouch": Ability.APPROVE,
    "var backtest": Free.NO_BOOK,
    "var models": Ability.VIEW,
    "var use": Ability.PROPOSE,
    "web": Free.MACHINE,
    "whoami": Free.ONESELF,
}


# --- of people, on the web -------------------------------------------------------------------


class Web(StrEnum):
    """What is not asked of whoever looks, beside an ability."""

    OPEN = "it holds nobody's numbers"
    COMING_IN = "it is where one comes in"
    ONESELF = "it is about oneself: for everybody who is signed in, also before he is set up"
    DEMO = "it is the demonstration's alone"


#: Every page, by its path.
PAGES: Mapping[str, Ability] = {
    "/": Ability.VIEW,
    "/breakers": Ability.VIEW,
    "/changes": Ability.VIEW,
    "/changes/edit": Ability.VIEW,
    "/correlation": Ability.VIEW,
    "/exposure": Ability.VIEW,
    "/gallery": Ability.VIEW,
    "/journal": Ability.VIEW,
    "/limits": Ability.VIEW,
    "/models": Ability.VIEW,
    "/not-found-404": Ability.VIEW,
    "/orders": Ability.VIEW,
    "/var": Ability.VIEW,
}

_SUITES = "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
#: Every route of the server, by method and rule.
ROUTES: Mapping[str, Ability | Web] = {
    "GET /": Ability.VIEW,
    "GET /<path:path>": Ability.VIEW,
    "GET /_dash-dependencies": Ability.VIEW,
    "GET /_dash-layout": Ability.VIEW,
    "POST /_dash-update-component": Ability.VIEW,
    f"GET {_SUITES}": Web.OPEN,
    "GET /_favicon.ico": Web.OPEN,
    "GET /_reload-hash": Ability.VIEW,
    "GET /account": Web.ONESELF,
    "POST /account/factor": Web.ONESELF,
    "POST /account/factor/confirm": Web.ONESELF,
    "POST /account/logins/end": Web.ONESELF,
    "POST /account/password": Web.ONESELF,
    "GET /assets/<path:filename>": Web.OPEN,
    "POST /enter": Web.DEMO,
    "GET /healthz": Web.OPEN,
    "GET /live": Ability.VIEW,
    "GET /login": Web.COMING_IN,
    "POST /login": Web.COMING_IN,
    "GET /login/sso": Web.COMING_IN,
    "GET /login/sso/callback": Web.COMING_IN,
    "POST /logout": Web.ONESELF,
    "GET /people": Ability.MANAGE_PEOPLE,
    "POST /people": Ability.MANAGE_PEOPLE,
    "GET /people/<name>": Ability.MANAGE_PEOPLE,
    "POST /people/<name>": Ability.MANAGE_PEOPLE,
    "POST /prove": Ability.VIEW,
    "GET /static/<path:filename>": Ability.VIEW,
    "GET /vouching": Ability.APPROVE,
    "POST /vouching": Ability.APPROVE,
}

_ROUTER = "dash.dash.Dash.enable_pages.<locals>.router_sync.<locals>.update"
#: Every callback of the server, by the name of its function.
CALLBACKS: Mapping[str, Ability] = {
    _ROUTER: Ability.VIEW,
    "pages.breakers.apply_override": Ability.OVERRIDE,
    "pages.breakers.follow_form": Ability.OVERRIDE,
    "pages.breakers.judge": Ability.OVERRIDE,
    "pages.breakers.open_stop": Ability.HALT,
    "pages.breakers.show_effect": Ability.OVERRIDE,
    "pages.breakers.show_panel": Ability.VIEW,
    "pages.breakers.show_reviews": Ability.VIEW,
    "pages.breakers.stop_scope": Ability.HALT,
    "pages.change_editor.send_it": Ability.REQUEST_LIMIT,
    "pages.change_editor.show_effect": Ability.VIEW,
    "pages.change_editor.show_past": Ability.VIEW,
    "pages.changes.approve": Ability.APPROVE,
    "pages.changes.close_dialog": Ability.VIEW,
    "pages.changes.reject": Ability.APPROVE,
    "pages.changes.show_dialog": Ability.VIEW,
    "pages.changes.withdraw": Ability.REQUEST_LIMIT,
    "pages.exposure.show_room": Ability.VIEW,
    "pages.gallery.say_who_proved": Ability.VIEW,
    "pages.gallery.show_toasts": Ability.VIEW,
    "pages.journal.save_file": Ability.VIEW,
    "pages.limits.save_file": Ability.VIEW,
    "pages.model_health.confirm": Ability.PROPOSE,
    "pages.model_health.keep": Ability.VIEW,
    "pages.model_health.show_preview": Ability.VIEW,
    "pages.model_health.show_what_waits": Ability.VIEW,
    "pages.orders.show_room": Ability.VIEW,
    "pages.screens.live_page.<locals>.show_newest": Ability.VIEW,
}

#: Those that a browser answers by itself: nothing of ours is asked, and nothing changes.
IN_THE_BROWSER = frozenset(
    {
        "correlation.choosePair",
        "seawall.chooseBook",
        "seawall.chooseWords",
        "seawall.chooseZone",
        "seawall.followAddress",
        "seawall.showDone",
        "seawall.start",
        "seawall.wantProof",
        "the title of a page",
    }
)
