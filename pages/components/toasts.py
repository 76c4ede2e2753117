"""Short messages at the top right: what happened, numbers, the next step.

`toast` makes one for `sendNotifications` of the container that the frame holds. A halt never
closes by itself: it is closed by somebody who has seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import glyph
from pages.components.links import inside_link

CONTAINER = "toasts"
_CLOSES_AFTER_MS = 8_000
#: States whose messages stay until they are closed.
_STAY = frozenset({"halted", "reduce_only"})


@dataclass(frozen=True)
class ToastLink:
    """Where a message leads: ``Open trip``."""

    text: str
    href: str


def toast_container() -> dmc.NotificationContainer:
    """Where messages appear; the frame has one."""
    return dmc.NotificationContainer(
        id=CONTAINER,
        position="top-right",
        autoClose=_CLOSES_AFTER_MS,
        limit=4,
        containerWidth=360,
        transitionDuration=160,
        # Higher than any of them: what is higher lies over the next one.
        notificationMaxHeight=480,
        # Over a dialog (200), whose button may have led to the message.
        zIndex=250,
        # Under the header, whose words must stay readable.
        pt=64,
    )


def toast(
    state: str, title: str, text: str, *, key: str, time: str = "", links: Sequence[ToastLink] = ()
) -> dict[str, Any]:
    """A message for `sendNotifications`.

    Parameters
    ----------
    state : str
        A state's shape (``halted``, ``throttled``) or ``info``.
    title : str
        What happened: ``HALTED: book Main, daily loss``.
    text : str
        Numbers, and the next step.
    key : str
        Two messages with the same key are one.
    time : str
    links : sequence of ToastLink
        At most two.
    """
    if len(links) > 2:
        raise ValueError(f"a message has two links at most, got {len(links)}")
    return {
        **toast_look(state),
        "id": key,
        "title": html.Div([html.Strong(title), html.Time(time)], className="sw-toast-title"),
        "message": html.Div([html.P(text), _links(links)]),
    }


def toast_look(state: str) -> dict[str, Any]:
    """All of a message but its words and its key, for messages that the browser words itself."""
    return {
        "action": "show",
        "icon": glyph(state, state=state),
        "autoClose": False if state in _STAY else _CLOSES_AFTER_MS,
        "withCloseButton": True,
        "closeButtonProps": {"aria-label": "Close this message"},
        "className": f"sw-toast sw-toast-{state}",
    }


def _links(links: Sequence[ToastLink]) -> html.Div:
    made = [
        inside_link(link.text, link.href, class_name="sw-button sw-button-small") for link in links
    ]
    return html.Div(made, className="sw-toast-links")
