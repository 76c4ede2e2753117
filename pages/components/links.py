"""Links to other views of this dashboard; ``assets/links.js`` follows them without a reload."""

from typing import Any

from dash import html

from pages.components.basics import Component


def inside_link(
    children: Component, href: str, *, class_name: str = "", chosen: bool = False, **props: Any
) -> html.A:
    """A link to another view of this dashboard.

    Parameters
    ----------
    children : component or str
    href : str
    class_name : str
    chosen : bool
        Whether it leads to what is shown already; said to those who do not see it.
    **props
        Further attributes of the element.

    Notes
    -----
    `dcc.Link` takes no aria attributes and scrolls to the top: a choice half way down the page
    must do neither.
    """
    current = {"aria-current": "true"} if chosen else {}
    return html.A(
        children, href=href, className=class_name, **{"data-inside": "true", **current, **props}
    )
