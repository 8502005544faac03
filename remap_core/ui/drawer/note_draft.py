"""A note and tags while a visitor edits them, and what is stored of them meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from remap_core.trials.annotations import Annotation

T = TypeVar("T", str, tuple[str, ...])


@dataclass
class Edited(Generic[T]):
    """A note, or tags, while they are edited. opened: what was stored when the visitor began; sent: their last save."""

    opened: T
    sent: T

    def is_changed(self, typed: T) -> bool:
        """Whether there is something to save."""
        return not self.opened == self.sent == typed

    def follow(self, typed: T, stored: T) -> T:
        """What the field shows now: what is stored, unless the visitor has typed something else."""
        if stored == self.sent:  # the last save has arrived
            self.opened = stored
        is_pending = self.sent != self.opened
        if not is_pending and typed in (self.opened, stored):
            self.opened = self.sent = stored
            return stored
        return typed

    def is_conflict(self, typed: T, stored: T) -> bool:
        """Whether somebody else has saved something since, which a save would replace."""
        return stored not in (self.opened, typed) and self.is_changed(typed)


@dataclass
class NoteDraft:
    """What a visitor edits of a model."""

    note: Edited[str]
    tags: Edited[tuple[str, ...]]

    @classmethod
    def of(cls, stored: Annotation) -> NoteDraft:
        """A draft in which nothing has been typed."""
        return cls(Edited(stored.note, stored.note), Edited(stored.tags, stored.tags))
