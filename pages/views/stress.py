"""What the worst stress scenario would cost, in words, with how much of it rests on proxies."""

from pages.format import money, percent
from pages.views.holdings import coin, share_of
from risk.domain.assessment import Assessment
from risk.stress.scenarios import title_of


def worst_stress(assessment: Assessment, currency: str) -> str | None:
    """In one sentence, for where there is little room; None while the loss is unknown."""
    held = assessment.held
    if held.stress_loss is None:
        return None
    if held.stress_scenario is None:
        return "No stress scenario costs anything."
    share = share_of(held.stress_loss, assessment.equity)
    loss = money(held.stress_loss, currency) if share is None else f"{percent(share, 1)} of equity"
    return f"Worst stress, {title_of(held.stress_scenario)}: {loss}{_proxy_words(assessment)}."


def worst_stress_in_full(assessment: Assessment, currency: str) -> str:
    """The same with the money too, and the names of what is counted by proxy."""
    held = assessment.held
    if held.stress_loss is None:
        return "Stress loss is unknown: there are no shocks of something held."
    if held.stress_scenario is None:
        return "No stress scenario costs this book anything; all of them are falls of the market."
    share = share_of(held.stress_loss, assessment.equity)
    of_equity = "" if share is None else f", {percent(share, 1)} of equity"
    loss = money(held.stress_loss, currency) + of_equity
    named = ", ".join(coin(asset) for asset in held.stress_proxies)
    proxies = f"{_proxy_words(assessment)} ({named})" if named else ""
    return f"Worst stress, {title_of(held.stress_scenario)}: {loss}{proxies}."


def _proxy_words(assessment: Assessment) -> str:
    """How many of the shocks are proxies; nothing if none is."""
    held = assessment.held
    if not held.stress_proxies:
        return ""
    return f", {len(held.stress_proxies)} of {len(held.by_asset)} shocks by proxy"
