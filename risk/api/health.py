"""Whether the authority lives, and whether it can answer; for watchers without a key."""

import msgspec

from risk.api.operations import Call, Document, Operation

_encode = msgspec.json.Encoder().encode


class HealthAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """The server answers.

    Attributes
    ----------
    status : str
        ``ok``.
    """

    status: str


class ReadyCheck(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that must be so.

    Attributes
    ----------
    name : str
    ok : bool
    detail : str
        One sentence.
    """

    name: str
    ok: bool
    detail: str


class ReadyAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Whether orders for new risk can be answered.

    Attributes
    ----------
    ready : bool
        Whether all of these are so.
    checks : list of ReadyCheck
    """

    ready: bool
    checks: list[ReadyCheck]


async def _health(_call: Call) -> HealthAnswer:
    return HealthAnswer(status="ok")


async def _ready(call: Call) -> Document:
    checks = _checks(call)
    ready = all(check.ok for check in checks)
    body = _encode(ReadyAnswer(ready=ready, checks=checks))
    return Document(body, status=200 if ready else 503)


def _checks(call: Call) -> list[ReadyCheck]:
    view = call.desk.view()
    if view is None:
        return [
            ReadyCheck(
                name="authority", ok=False, detail="another one holds the lease, or this one starts"
            ),
            ReadyCheck(name="snapshot", ok=False, detail="no cycle was completed here"),
            ReadyCheck(name="journal", ok=False, detail="nothing was written here"),
        ]
    return [
        ReadyCheck(name="authority", ok=True, detail="this one holds the lease"),
        ReadyCheck(
            name="snapshot",
            ok=view.fresh,
            detail=f"the last cycle was measured {view.snapshot_age:.1f} s ago"
            + ("" if view.fresh else ", too long for new risk"),
        ),
        ReadyCheck(
            name="journal",
            ok=view.journalling,
            detail="decisions are written down"
            if view.journalling
            else f"decisions cannot be written down: {view.journal_problem}",
        ),
    ]


OPERATIONS = (
    Operation(
        method="GET",
        path="/healthz",
        summary="Whether the server lives.",
        handle=_health,
        abilities=None,
        answer=HealthAnswer,
    ),
    Operation(
        method="GET",
        path="/readyz",
        summary="Whether new risk can be answered, and what is missing if not.",
        handle=_ready,
        abilities=None,
        answer=ReadyAnswer,
        others={503: ReadyAnswer},
    ),
)
