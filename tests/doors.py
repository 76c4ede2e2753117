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
    "proposals reject": Ability.REQUEST_LIMIT,
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
