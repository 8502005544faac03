"""People: who sends a command."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from remap_core.errors import InvalidArgument

MAX_NAME_LENGTH = 320
"""Characters, as many as an e-mail address may have (RFC 3696)."""
MAX_GROUPS = 500


@dataclass(frozen=True)
class Person:
    """Who sends a command.

    name: an e-mail address or a login name; empty for a visitor of an app that nobody signs in to. groups: those of the
    identity provider. is_local: on the command line or in a notebook of the machine that has the data folder.
    """

    name: str = ""
    groups: tuple[str, ...] = ()
    is_local: bool = False

    def __post_init__(self) -> None:
        if len(self.name) > MAX_NAME_LENGTH or not self.name.isprintable():
            raise InvalidArgument(
                f"The name of a person has at most {MAX_NAME_LENGTH} printable characters, but got {self.name!r:.80}."
            )
        if len(self.groups) > MAX_GROUPS:
            raise InvalidArgument(f"A person has at most {MAX_GROUPS} groups, but got {len(self.groups)}.")

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {"name": self.name, "groups": list(self.groups), "local": self.is_local}

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Person:
        """The person of a stored form; raises KeyError, TypeError, ValueError or InvalidArgument for anything else."""
        return cls(str(form["name"]), tuple(map(str, form["groups"])), form["local"] is True)


NOBODY = Person()
"""A visitor of an app that nobody signs in to."""


def local_person() -> Person:
    """Who runs this process: they have the data folder, so they may do everything."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user without a name
        name = "local"
    return Person(name, is_local=True)
