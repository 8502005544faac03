"""Further trainings of a model with other seeds."""

from __future__ import annotations

from dataclasses import dataclass

from remap_core.formatting import model_name, pluralize
from remap_core.lab.recorded_trial import RecordedTrial


@dataclass(frozen=True, repr=False)
class Repeats:
    """A request to train a model again with other seeds, for `lab.train`."""

    recorded: RecordedTrial
    seeds: int

    def __repr__(self) -> str:
        return f"{pluralize(self.seeds, 'repeat')} of {model_name(self.recorded.id)}"
