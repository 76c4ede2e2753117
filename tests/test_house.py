"""The project as a whole keeps its own rules."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
LOCKED = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[(?P<extras>[\w,-]+)\])?==(?P<version>\S+)", re.MULTILINE
)


def sources() -> Iterator[Path]:
    for folder in ("risk", "pages", "migrations"):
        yield from (ROOT / folder).rglob("*.py")


def imported_modules(source: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(source.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module
    }


def rooms() -> set[str]:
    return {
        f"risk.{path.stem}"
        for path in (ROOT / "risk").iterdir()
        if (path.is_dir() and (path / "__init__.py").exists()) or path.suffix == ".py"
    } - {"risk.__init__"}


def layers() -> list[set[str]]:
    return [set(re.findall(r"[\w.]+", line)) for line in CONTRACTS["layers"]["layers"]]


def requirements() -> list[Requirement]:
    project = PROJECT["project"]
    named = project["dependencies"] + project["optional-dependencies"]["test"]
    return [Requirement(text) for text in named]


def test_nothing_imports_the_app():
    """Its import starts a web server, and no contract can name a module outside a package."""
    guilty = [source for source in sources() if "app" in imported_modules(source)]

    assert guilty == []


def test_every_room_has_its_layer():
    assert rooms() - set().union(*layers()) == set()


def test_every_room_from_the_manager_down_is_held_pure():
    down = next(n for n, layer in enumerate(layers()) if "risk.manager" in layer)
    core = set().union(*layers()[down:])

    assert rooms() & core <= set(CONTRACTS["pure-core"]["source_modules"])


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_in_the_documents_exists(document: str):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = (ROOT / document).read_text()
    named = set(re.findall(r"^\s*make ([a-z]+)|`make ([a-z]+)`", text, re.MULTILINE))

    assert {a or b for a, b in named} <= targets
    assert named


def test_the_lock_satisfies_what_the_project_asks_for():
    lock = (ROOT / "requirements.lock").read_text()
    locked: dict[str, list[Version]] = {}
    for match in LOCKED.finditer(lock):
        versions = locked.setdefault(canonicalize_name(match["name"]), [])
        versions.append(Version(match["version"]))

    unmet = [
        str(wanted)
        for wanted in requirements()
        if not any(
            wanted.specifier.contains(v) for v in locked.get(canonicalize_name(wanted.name), [])
        )
    ]

    assert unmet == []


def test_the_lock_names_the_extras_that_pip_looks_for_apart_from_their_packages():
    """Without them pip takes the newest release of `coverage[toml]`, which has no hash there."""
    lock = (ROOT / "requirements.lock").read_text()
    named = {canonicalize_name(match["name"]): match["extras"] for match in LOCKED.finditer(lock)}
    extras = {canonicalize_name(wanted.name): wanted.extras for wanted in requirements()}

    assert named["coverage"] == "toml"
    assert {name: named[name] for name, wanted in extras.items() if wanted} == {"psycopg": "binary"}


def test_every_locked_package_is_hashed_and_names_no_server():
    text = (ROOT / "requirements.lock").read_text()
    blocks = re.split(r"\n(?=[\w.-]+(?:\[[\w,-]+\])?==)", text)[1:]

    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
