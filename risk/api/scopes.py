"""Scopes and moments as they stand on the wire."""

from risk.domain.scopes import Scope


def scope_text(scope: Scope) -> str:
    """As ``strategy:trend``."""
    return f"{scope.kind.value}:{scope.name}"
