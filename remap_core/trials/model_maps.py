"""Maps of a population: places in the plane such that near models are alike, by structure or by prediction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidDistances
from remap_core.space.architecture import Architecture
from remap_core.trials.trial import TrialId


class Relation(StrEnum):
    """In what sense two models are alike."""

    STRUCTURE = "structure"
    PREDICTION = "prediction"


@dataclass(frozen=True, eq=False)
class ModelMap:
    """Where the models of a data set are on the map of a relation.

    ids: (n,) int64, models. points: (n, 2) float64, in units of the relation's distance. stress: stress-1 of them all.
    laid_out_with: how many models there were when all places were last chosen together; later ones were placed among
    them. edition: how often that was done; while it stays the same, ids and points only grow.
    """

    dataset: str
    relation: Relation
    ids: NDArray[np.int64]
    points: NDArray[np.float64]
    stress: float
    laid_out_with: int
    edition: int

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.ids), 2):
            raise InvalidDistances(
                f"A map needs one place for each of {len(self.ids)} models, got {self.points.shape}."
            )

    def __len__(self) -> int:
        return len(self.ids)

    def places_of(self, models: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m, 2) float64 places of the models, NaN for those that are not on the map (yet)."""
        found: dict[TrialId, int] = {int(model): row for row, model in enumerate(self.ids)}
        rows = np.array([found.get(int(model), -1) for model in models], dtype=np.int64)
        places = np.full((len(models), 2), np.nan)
        places[rows >= 0] = self.points[rows[rows >= 0]]
        return places


@dataclass(frozen=True, eq=False)
class MappedModel:
    """What a map needs to know of a finished model. predictions: (images,) uint8."""

    id: TrialId
    architecture: Architecture
    predictions: NDArray[np.uint8]
