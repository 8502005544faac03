"""Further trainings of a model with other seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remap_core.errors import InvalidArgument
from remap_core.formatting import model_name, pluralize

if TYPE_CHECKING:
    from remap_core.lab.lab import Lab
    from remap_core.lab.models.model import Model


@dataclass(frozen=True, repr=False)
class Repeats:
    """A request to train a model again with other seeds, for `lab.train`."""

    model: Model
    seeds: int

    def __repr__(self) -> str:
        return f"{pluralize(self.seeds, 'repeat')} of {model_name(self.model.id)}"


def require_of(lab: Lab, model: Model) -> None:
    """Raise InvalidArgument for a model of another lab."""
    other = model.lab
    if (other.folder, other.dataset) != (lab.folder, lab.dataset):
        name = model_name(model.id)
        raise InvalidArgument(f"{name} is of another lab: {other.dataset} in {other.folder.home}.")
