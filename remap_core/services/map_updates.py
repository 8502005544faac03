"""Keeps the maps up to date as models finish: in a thread of its own, so that trainings and commands never wait.

What is missing is always found out from the catalogue, so a crash loses nothing that a restart does not work out again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import RemapError
from remap_core.geometry.embedding.layout import (
    LANDMARKS_ABOVE,
    align,
    choose_landmarks,
    embed,
    embed_landmarks,
    recompute,
)
from remap_core.geometry.embedding.placement import place_newcomers
from remap_core.geometry.otmann.distances import OtmannIndex
from remap_core.geometry.prediction_distances import PredictionIndex
from remap_core.trials.model_maps import MappedModel, ModelMap, Relation

log = logging.getLogger(__name__)

RELAID_BELOW = 40
"""While a map was laid with fewer models than this, it is laid anew whenever their number has doubled."""

AFRESH_UP_TO = 200
"""Up to so many models a map is laid anew from scratch and then turned to its old self: cheap, and its stress is best.
Larger ones start from where the models are."""


class IncrementalMap:
    """One map that grows: newcomers are placed among the old, which stay, until it is laid anew.

    `models` are those of `known`, in its order; without a map there are none.
    """

    def __init__(
        self, dataset: str, relation: Relation, known: ModelMap | None = None, models: Sequence[MappedModel] = ()
    ) -> None:
        self.map = known or ModelMap(dataset, relation, np.zeros(0, np.int64), np.zeros((0, 2)), 0.0, 0, 0)
        self._index: OtmannIndex | PredictionIndex
        self._index = OtmannIndex() if relation is Relation.STRUCTURE else PredictionIndex()
        self._models: list[MappedModel] = []
        self._extend(models)

    def add(self, newcomers: Sequence[MappedModel]) -> ModelMap:
        """The map with newcomers on it; raises InvalidDistances where they cannot be compared with the others."""
        young = self.map.laid_out_with < RELAID_BELOW
        to_old = self._distances_to(newcomers)
        self._extend(newcomers)
        if len(self.map):
            points = place_newcomers(to_old, self.map.points)
            self.map = self._grown(points, to_old, self._distances_to(newcomers)[:, len(self.map) :])
        if young and len(self._models) >= 2 * self.map.laid_out_with:
            return self.relay()
        return self.map

    def relay(self) -> ModelMap:
        """The map with all places chosen anew, as near to the old ones as can be."""
        ids = np.array([model.id for model in self._models], dtype=np.int64)
        points, stress = self._laid()
        self.map = ModelMap(
            self.map.dataset,
            self.map.relation,
            ids,
            points,
            stress,
            laid_out_with=len(ids),
            version=self.map.version + 1,
        )
        return self.map

    def _laid(self) -> tuple[NDArray[np.float64], float]:
        n, old = len(self._models), self.map.points
        if n > LANDMARKS_ABOVE:
            rows = choose_landmarks(n, np.random.default_rng(n))
            found = embed_landmarks(self._distances_to([self._models[row] for row in rows]).T, rows)
        elif n > AFRESH_UP_TO and len(old):
            found = recompute(self._index.distances(), old)
        else:
            found = embed(self._index.distances())
        return (align(found.points, old) if len(old) else found.points), found.stress

    def _grown(self, points: NDArray[np.float64], to_old: NDArray[np.float64], among: NDArray[np.float64]) -> ModelMap:
        """The map with more points; its stress-1 from the sums that stress is made of, without the old distances."""
        old = self.map
        size = _squares(old.points)
        misfit = old.stress**2 * size
        for weight, others, given in ((2, old.points, to_old), (1, points, among)):
            found = np.linalg.norm(points[:, None] - others[None], axis=2)
            misfit += weight * float(np.square(found - given).sum())
            size += weight * float(np.square(found).sum())
        return ModelMap(
            old.dataset,
            old.relation,
            np.array([model.id for model in self._models], dtype=np.int64),
            np.concatenate((old.points, points)),
            float(np.sqrt(misfit / size)) if size else 0.0,
            old.laid_out_with,
            old.version,
        )

    def _extend(self, models: Sequence[MappedModel]) -> None:
        match self._index:
            case OtmannIndex():
                self._index.add([model.architecture for model in models])
            case PredictionIndex():
                self._index.add([model.predictions for model in models])
        self._models += models

    def _distances_to(self, models: Sequence[MappedModel]) -> NDArray[np.float64]:
        match self._index:
            case OtmannIndex():
                return self._index.distances_to([model.architecture for model in models])
            case PredictionIndex():
                return self._index.distances_to([model.predictions for model in models])


class Store(Protocol):
    """What the cartographer needs of the catalogue's one writer."""

    @property
    def version(self) -> int:
        """Grows with every change."""

    def catalogue(self) -> Catalogue:
        """The live catalogue to read."""

    def write_map(self, drawn: ModelMap) -> None:
        """Store a map."""


@dataclass(frozen=True)
class _Work:
    """One map to bring up to date. `known`: the models of the map so far, where the thread does not hold it yet."""

    dataset: str
    relation: Relation
    drawn: ModelMap | None
    known: tuple[MappedModel, ...]
    newcomers: tuple[MappedModel, ...]
    relay: bool


class MapUpdater:
    """Looks once a tick for models without a place and for maps to lay anew, and stores what its thread has drawn."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cartographer")
        self._maps: dict[tuple[str, Relation], IncrementalMap] = {}
        self._drawing: Future[list[ModelMap]] | None = None
        self._seen: int | None = None

    def tick(self) -> None:
        """Store what is drawn, begin to draw what is missing; returns at once."""
        if self._drawing is not None:
            if not self._drawing.done():
                return
            for drawn in self._drawing.result():
                self._store.write_map(drawn)
            self._drawing = None
        if self._store.version != self._seen:
            self._seen = self._store.version
            work = self._missing(self._store.catalogue())
            if work:
                self._drawing = self._thread.submit(self._draw, work)

    def close(self) -> None:
        """Let the thread end what it draws; what is not stored is drawn again by the next trainer."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _missing(self, catalogue: Catalogue) -> list[_Work]:
        asked = set(catalogue.requested_layouts())
        work = []
        for dataset in catalogue.datasets():
            finished = catalogue.evaluated_models(dataset)
            for relation in Relation:
                found = self._work(catalogue, dataset, relation, finished, (dataset, relation) in asked)
                work += [found] if found.newcomers or found.relay else []
        return work

    def _work(self, catalogue: Catalogue, dataset: str, relation: Relation, finished: list[int], relay: bool) -> _Work:
        living = self._maps.get((dataset, relation))
        drawn = living.map if living else catalogue.model_map(dataset, relation)
        placed = set() if drawn is None else set(drawn.ids.tolist())
        missing = [model for model in finished if model not in placed]
        needed = drawn is not None and living is None and (relay or bool(missing))
        known = catalogue.mapped_models(drawn.ids.tolist()) if needed and drawn is not None else []
        return _Work(dataset, relation, drawn, tuple(known), tuple(catalogue.mapped_models(missing)), relay)

    def _draw(self, work: Sequence[_Work]) -> list[ModelMap]:
        """In the thread: all that can be drawn; what cannot is said in the log, and left out."""
        drawn = []
        for piece in work:
            try:
                drawn.append(self._drawn(piece))
            except RemapError as error:
                log.error("the map of %s by %s is not drawn: %s", piece.dataset, piece.relation, error)
        return drawn

    def _drawn(self, work: _Work) -> ModelMap:
        key = (work.dataset, work.relation)
        living = self._maps.get(key) or IncrementalMap(work.dataset, work.relation, work.drawn, work.known)
        drawn = living.add(work.newcomers) if work.newcomers else living.map
        if work.relay:
            drawn = living.relay()
        self._maps[key] = living
        return drawn


def _squares(points: NDArray[np.float64]) -> float:
    """Sum of squared distances over all ordered pairs of (n, 2) points."""
    n = len(points)
    return float(2 * n * np.square(points).sum() - 2 * np.square(points.sum(axis=0)).sum())
