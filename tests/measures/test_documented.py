"""Every measure that others may call is explained on a page."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS, MEASURES = ROOT / "docs", ROOT / "risk" / "measures"

PAGES = {
    "correlation-measures.md": (
        "correlation",
        "dependence",
        "pair_correlation",
        "joint_tails",
        "shrinkage",
        "nearest",
    ),
    "performance.md": ("drawdown", "performance", "bootstrap"),
    "regimes.md": ("regimes",),
    "sizing.md": ("sizing", "book_sizing", "equal_risk"),
    "stops.md": ("stops",),
    "tail-measures.md": ("tail", "tail_split", "tracking", "sorted_windows", "moments"),
    "volatility.md": ("returns", "volatility", "ewma", "bar_volatility"),
}


def public_names(module_name):
    """Names that the module itself binds: functions, classes and constants."""
    tree = ast.parse((MEASURES / f"{module_name}.py").read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in ast.walk(node)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    }
    return {name for name in defined | assigned if not name.startswith("_")}


@pytest.mark.parametrize(
    ("page", "module"), [(page, module) for page, modules in PAGES.items() for module in modules]
)
def test_every_public_measure_is_explained_on_its_page(page, module):
    named = set(re.findall(r"`(\w+)`", (DOCS / page).read_text(encoding="utf-8")))

    assert public_names(module) - named == set()


def test_the_look_at_a_module_finds_its_measures():
    assert {"position_size", "KELLY_SHARE"} <= public_names("sizing")
