"""Accessibility, as axe-core judges it in the browser."""

from pathlib import Path
from typing import Any

import axe_core_python
from selenium.webdriver.remote.webdriver import WebDriver

_SCRIPT = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  (found) => done(found.violations.flatMap((rule) => rule.nodes.map((node) => ({
    rule: rule.id, impact: node.impact, where: node.target.join(" "),
    html: node.html.slice(0, 160), why: node.failureSummary.slice(0, 300),
  })))),
  (problem) => done([{rule: "axe did not run", why: String(problem)}]));
"""


def violations(driver: WebDriver) -> list[dict[str, Any]]:
    """What axe-core objects to on the page as it stands, an entry an element."""
    driver.execute_script(_SCRIPT)
    return driver.execute_async_script(_RUN)
