"""What people did about logins, keys, proposals and reviews, in words."""

from pages.views.happenings.phrases import BY_SEVERITY, Sayings, Words, in_line, quoted
from risk.domain.events import (
    ActionDenied,
    BookChanged,
    JournalBroken,
    KeyChanged,
    OverrideReviewed,
    Parting,
    PersonChanged,
    PersonSignedIn,
    PersonSignedOut,
    ProposalDecided,
    ProposalMade,
    SignInRefused,
)


def _signed_in(event: PersonSignedIn, _currency: str) -> Words:
    did = "proved again who it is" if event.again else "signed in"
    return "info", f"{event.person} {did}", f"by {event.via}{_from(event.place)}"


def _sign_in_refused(event: SignInRefused, _currency: str) -> Words:
    whom = f"as {event.tried}" if event.tried else "by a name that nobody has"
    waits = "; the name waits now" if event.locked else ""
    shape = "throttled" if event.locked else "info"
    detail = f"{in_line(event.why)}{waits}{_from(event.place)}"
    return shape, f"Signing in {whom} was refused", detail


def _signed_out(event: PersonSignedOut, _currency: str) -> Words:
    # What is older does not say from where.
    whence = f"by {event.via}{_from(event.place)}" if event.via else f"by {event.by}"
    if event.how == Parting.ENDED:
        return "info", f"{event.person} ended another login", _listed(event.login, whence)
    if event.how == Parting.REPLACED:
        fact = f"{event.by} signed in over a login of {event.person}"
        return "info", fact, _listed(event.login, whence)
    did = "signed out" if event.by == event.person else "was signed out"
    return "info", f"{event.person} {did}", whence


def _person(event: PersonChanged, _currency: str) -> Words:
    by = f"by {event.via}{_from(event.place)}" if event.via else f"by {event.by}"
    detail = _listed(quoted(event.reason), by)
    return BY_SEVERITY[event.severity], f"{event.person} {event.what}", detail


def _listed(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _book(event: BookChanged, _currency: str) -> Words:
    detail = "; ".join(part for part in (quoted(event.reason), f"by {event.by}") if part)
    return "info", f"{event.portfolio} {event.what}", detail


def _broken(event: JournalBroken, _currency: str) -> Words:
    return "halted", f"The journal of {event.stream} does not hold", in_line(event.problem)


def _key(event: KeyChanged, _currency: str) -> Words:
    told = f"{event.key}, by {event.by}"
    detail = "; ".join(part for part in (in_line(event.reason), told) if part)
    return "info", f"The key {event.name} {event.what}", detail


def _denied(event: ActionDenied, _currency: str) -> Words:
    who = f"{event.by} ({event.role})" if event.role else event.by
    return "info", f"Refused: {event.asked}", f"{in_line(event.reason)}; asked by {who}"


def _proposed(event: ProposalMade, _currency: str) -> Words:
    first, others = event.what[0] if event.what else "a change", len(event.what) - 1
    more = f" and {others} more" if others > 0 else ""
    # A limit for a while has the reason among its fields: it is told once.
    fact = f"{event.by} proposes: {first.removesuffix(f', reason {event.reason}')}{more}"
    about = f"proposal {event.proposal}, {event.direction}"
    return "caution", fact, "; ".join(part for part in (quoted(event.reason), about) if part)


def _decided(event: ProposalDecided, _currency: str) -> Words:
    shape = {"approved": "normal", "rejected": "halted"}.get(event.status, "info")
    fact = f"Proposal {event.proposal} of {event.author} was {event.status}"
    why = f"{quoted(event.reason)}; " if event.reason else ""
    return shape, fact, f"{why}by {event.by}"


def _reviewed(event: OverrideReviewed, _currency: str) -> Words:
    fact = f"{event.by} reviewed the override of {event.breaker} by {event.author}"
    said = f": {quoted(event.comment)}" if event.comment else ""
    return "info", fact, f"{event.verdict.replace('_', ' ')}{said}"


def _from(place: str) -> str:
    return f", from {place}" if place else ""


#: How each kind is told.
SAY: Sayings = {
    PersonSignedIn: _signed_in,
    SignInRefused: _sign_in_refused,
    PersonSignedOut: _signed_out,
    PersonChanged: _person,
    BookChanged: _book,
    JournalBroken: _broken,
    KeyChanged: _key,
    ActionDenied: _denied,
    ProposalMade: _proposed,
    ProposalDecided: _decided,
    OverrideReviewed: _reviewed,
}
