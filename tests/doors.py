"""Every door of Seawall, and what whoever comes in by it must be able to do.

`tests/test_doors.py` goes to each with everybody. It fails where a door exists that does not stand
here, and where one stands here that exists no more: whoever adds a door writes down for whom.
"""

from collections.abc import Mapping

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
