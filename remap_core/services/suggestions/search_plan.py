"""A search by the machine: what it looks for, and when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from remap_core.access.signatures import SENDER, SIGNATURE
from remap_core.analysis.suggest.batch import PLAIN
from remap_core.errors import InvalidArgument

MAX_TRAININGS = 10_000
MAX_BATCH = 100

_NOT_PLANNED = ("ended", "queued", SENDER, SIGNATURE)
"""Keys of the stored form that are not the plan's."""


@dataclass(frozen=True)
class SearchPlan:
    """Suggestions are trained batch after batch until one of the ends is reached. Raises InvalidArgument without any.

    name: what its batches in the queue begin with. view: objective and filter, as parts of a URL. trainings: in all.
    until: seconds since 1970 (UTC). patience: trainings in a row that did not move the front. 0: not an end. batch:
    trainings that are suggested at a time. explore, step: see `outlook`.
    """

    dataset: str
    name: str
    view: Mapping[str, str] = field(default_factory=dict)
    trainings: int = 0
    until: float = 0.0
    patience: int = 0
    batch: int = 2
    explore: float = PLAIN
    step: int = 1

    def __post_init__(self) -> None:
        if not (self.trainings or self.until or self.patience):
            raise InvalidArgument("A search needs an end: a number of trainings, a time, or a patience.")
        _require("trainings", self.trainings, 0, MAX_TRAININGS)
        _require("patience", self.patience, 0, MAX_TRAININGS)
        _require("batch", self.batch, 1, MAX_BATCH)
        texts = (self.dataset, self.name, *self.view, *self.view.values())
        if not all(isinstance(text, str) for text in texts):
            raise InvalidArgument("dataset, name and view of a search must be texts.")
        if not isfinite(self.until) or self.until < 0:
            raise InvalidArgument(f"until must be a time, but got {self.until}.")

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return asdict(self)

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> SearchPlan:
        """The plan of its stored form; raises InvalidArgument for anything else."""
        try:
            return cls(**{key: value for key, value in form.items() if key not in _NOT_PLANNED})
        except (AttributeError, TypeError) as error:
            raise InvalidArgument(f"The file of the search cannot be read: {error}.") from None


def _require(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise InvalidArgument(f"{name} must be a whole number from {low} to {high}, but got {value}.")
