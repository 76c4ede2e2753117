"""Composition root: the only room that names concrete classes and puts them together."""

from risk import entrance
from risk.runtime.agents import AgentsAccess, access_for_agents
from risk.runtime.authority import Engine, build_authority
from risk.runtime.database import checkpoints_of
from risk.runtime.post import JOURNAL_PATIENCE
from risk.runtime.web import build_actions, build_changes, build_reader, build_sign_on
from risk.runtime.world import DEMO

#: Where people sign in, and where logins are given and taken.
build_logins = entrance.build_logins
build_office = entrance.build_office

__all__ = [
    "DEMO",
    "JOURNAL_PATIENCE",
    "AgentsAccess",
    "Engine",
    "access_for_agents",
    "build_actions",
    "build_authority",
    "build_changes",
    "build_logins",
    "build_office",
    "build_reader",
    "build_sign_on",
    "checkpoints_of",
]
