"""Maps of a population: positions in the plane where similar models, by structure or by prediction, are close."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidDistances
from remap_core.space.architecture import Architecture
from remap_core.trials.class_labels import Labels
from remap_core.trials.trial import TrialId


class Relation(StrEnum):
    """What two models are compared by."""

    STRUCTURE = "structure"
    PREDICTION = "prediction"


@dataclass(frozen=True, eq=False)
class ModelMap:
    """The positions of a data set's models on the map of a relation.

    ids: (n,) int64, models. points: (n, 2) float64, in units of the relation's distance. stress: stress-1 of all.
    laid_out_with: models in the last joint layout; models that finished later were placed among them.
    version: number of joint layouts so far; while it stays the same, rows of ids and points are only appended.
    """

    dataset: str
    relation: Relation
    ids: NDArray[np.int64]
    points: NDArray[np.float64]
    stress: float
    laid_out_with: int
    version: int

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.ids), 2):
            raise InvalidDistances(
                f"A map needs one position for each of {len(self.ids)} models, but got an array of shape "
                f"{self.points.shape}."
            )

    def __len__(self) -> int:
        return len(self.ids)

    def positions_of(self, models: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m, 2) float64 positions of the models, NaN for those that are not on the map (yet)."""
        row_of = {int(model): row for row, model in enumerate(self.ids)}
        rows = np.array([row_of.get(int(model), -1) for model in models], dtype=np.int64)
        is_placed = rows >= 0
        positions = np.full((len(models), 2), np.nan)
        positions[is_placed] = self.points[rows[is_placed]]
        return positions


@dataclass(frozen=True, eq=False)
class MappedModel:
    """What a map needs to know about a finished model. predictions: (images,) classes."""

    id: TrialId
    architecture: Architecture
    predictions: Labels
