"""Edits: one step from an architecture to a neighbour, as a value. The sentence is made where it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.space.architecture import Architecture
from remap_core.space.text import layer_text


@dataclass(frozen=True)
class Remove:
    """The layer at `index` (0-based) is taken out."""

    index: int
    kind: ClassVar[str] = "remove"

    def apply(self, parent: Architecture) -> Architecture:
        """The child; raises InvalidArchitecture where there is no such layer or the rest does not fit together."""
        if not 0 <= self.index < len(parent.layers):
            raise InvalidArchitecture(
                f"index must be one of the parent's {len(parent.layers)} layers, but got {self.index}.", self.index
            )
        return parent.with_layers(parent.layers[: self.index] + parent.layers[self.index + 1 :])

    def sentence(self, parent: Architecture) -> str:
        """What was done, for a person; layers are counted from 1.

        >>> from remap_core.space.layers import Dense
        >>> Remove(0).sentence(Architecture((1, 8, 8), 10, (Dense(64),)))
        'Dense 64 at 1 removed'
        """
        return f"{layer_text(parent.layers[self.index])} at {self.index + 1} removed"

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {"edit": self.kind, "index": self.index}


Edit = Remove


def edit_from_json(form: object) -> Edit:
    """The edit of its stored form; raises InvalidTrial where it is none."""
    if isinstance(form, Mapping) and form.get("edit") == Remove.kind and type(form.get("index")) is int:
        return Remove(form["index"])
    raise InvalidTrial(f'An edit must be like {{"edit": "remove", "index": 0}}, but got {form!r}.')


@dataclass(frozen=True)
class Ablation:
    """What removing one layer gives: the child, or the reason why there is none."""

    edit: Remove
    child: Architecture | None
    reason: str = ""


def ablations(parent: Architecture, indices: Iterable[int] | None = None) -> tuple[Ablation, ...]:
    """One ablation for each layer in `indices` (all layers by default), in order; the head is never touched."""
    return tuple(_ablation(parent, index) for index in (range(len(parent.layers)) if indices is None else indices))


def _ablation(parent: Architecture, index: int) -> Ablation:
    edit = Remove(index)
    try:
        return Ablation(edit, edit.apply(parent))
    except InvalidArchitecture as error:
        return Ablation(edit, None, str(error))
