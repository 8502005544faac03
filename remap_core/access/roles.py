"""Roles: what a person may do, by their e-mail address or their groups."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from remap_core.access.person import Person
from remap_core.errors import SettingsError
from remap_core.settings import Settings

EVERYBODY = "*"
GROUP = "group:"


class Role(IntEnum):
    """A higher role may do all that a lower one may.

    VIEWER: look, and keep notes and a drawer of one's own. BUILDER: train, and cancel or move what one has queued.
    ADMIN: everything, with data sets, other people's trainings, and pausing.
    """

    VIEWER = 1
    BUILDER = 2
    ADMIN = 3

    @property
    def title(self) -> str:
        """With its article."""
        return _TITLES[self]


_TITLES = {Role.VIEWER: "a viewer", Role.BUILDER: "a builder", Role.ADMIN: "an admin"}


@dataclass(frozen=True)
class Roles:
    """Who has which role. Each member is an e-mail address, a whole domain (@example.org), group:NAME, or * for all."""

    admins: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    viewers: tuple[str, ...] = (EVERYBODY,)

    @classmethod
    def of(cls, settings: Settings) -> Roles:
        """The roles of the settings; raises SettingsError for a member that is none of the four forms."""
        names = ("admins", "builders", "viewers")
        return cls(*(_members(name, getattr(settings, name)) for name in names))

    def role_of(self, person: Person) -> Role | None:
        """The person's highest role; None for a stranger. Local people are admins: they have the data folder."""
        if person.is_local:
            return Role.ADMIN
        if not person.name:
            return None
        for role, members in ((Role.ADMIN, self.admins), (Role.BUILDER, self.builders), (Role.VIEWER, self.viewers)):
            if any(_is_member(person, member) for member in members):
                return role
        return None


def _is_member(person: Person, member: str) -> bool:
    """Names are compared without case, as mail servers do; groups exactly."""
    if member.startswith(GROUP):
        return member.removeprefix(GROUP) in person.groups
    name = person.name.casefold()
    if member.startswith("@"):
        return name.endswith(member.casefold())
    return member == EVERYBODY or name == member.casefold()


def _members(setting: str, text: str) -> tuple[str, ...]:
    members = tuple(filter(None, (part.strip() for part in text.split(","))))
    for member in members:
        if member in ("@", GROUP) or (member.startswith("@") and "@" in member[1:]):
            raise SettingsError(
                f"{setting} = {text!r:.80} is not valid: each must be an e-mail address or login name, @DOMAIN, "
                f"{GROUP}NAME or {EVERYBODY}, but one is {member!r:.60}."
            )
    if EVERYBODY in members and setting == "admins":
        raise SettingsError("admins = '*' is not valid: an admin must be named.")
    return members
