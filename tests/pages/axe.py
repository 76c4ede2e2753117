"""Accessibility, as axe-core judges it in the browser."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import axe_core_python
from selenium.webdriver.remote.webdriver import WebDriver

_SCRIPT = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
#: The rules of axe-core, of those it follows unless told otherwise, on colours.
COLOURS = ("color-contrast", "link-in-text-block")
_RUN = """
const [rules, done] = arguments;
const chosen = rules.length ? {runOnly: {type: "rule", values: rules}} : {};
axe.run(document, {resultTypes: ["violations"], ...chosen}).then(
  (found) => done(found.violations.flatMap((rule) => rule.nodes.map((node) => ({
    rule: rule.id, impact: node.impact, where: node.target.join(" "),
    html: node.html.slice(0, 160), why: node.failureSummary.slice(0, 300),
  })))),
  (problem) => done([{rule: "axe did not run", why: String(problem)}]));
"""


def violations(driver: WebDriver, rules: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What axe-core objects to on the page as it stands, an entry an element.

    By all rules that it follows unless told otherwise, or by `rules` alone.
    """
    driver.execute_script(_SCRIPT)
    return driver.execute_async_script(_RUN, list(rules))
