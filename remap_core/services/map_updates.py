"""Keeps the maps up to date as models finish: in a separate thread, so that trainings and commands never wait.

What is missing on a map always follows from the catalogue, so a restart computes what a crash has lost.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from time import monotonic
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

SETTLED_FROM = 40
"""A map with a layout of fewer models than this is recomputed whenever their number has doubled."""

FROM_SCRATCH_UP_TO = 200
"""Up to this many models a layout is recomputed from scratch and aligned with the old one: cheap, and its stress is
lowest. Larger ones start from the old layout."""


class IncrementalMap:
    """One map that grows: new models are placed among the old ones, which stay until the layout is recomputed.

    `models` are those of the `known` map, in its order; empty without one.
    """

    def __init__(
        self, dataset: str, relation: Relation, known: ModelMap | None = None, models: Sequence[MappedModel] = ()
    ) -> None:
        self.map = known or ModelMap(dataset, relation, np.zeros(0, np.int64), np.zeros((0, 2)), 0.0, 0, 0)
        self._index: OtmannIndex | PredictionIndex
        if relation is Relation.STRUCTURE:
            self._index = OtmannIndex()
        else:
            self._index = PredictionIndex()
        self._models: list[MappedModel] = []
        self._extend(models)

    def add(self, newcomers: Sequence[MappedModel]) -> ModelMap:
        """Place newcomers and return the map; raises InvalidDistances if they cannot be compared with the others."""
        to_old = self._distances_to(newcomers)
        self._extend(newcomers)
        if len(self.map):
            points = place_newcomers(to_old, self.map.points)
            among = self._distances_to(newcomers)[:, len(self.map) :]
            self.map = self._grown(points, to_old, among)
        if self.map.laid_out_with < SETTLED_FROM and len(self._models) >= 2 * self.map.laid_out_with:
            return self.recompute()
        return self.map

    def recompute(self) -> ModelMap:
        """Recompute the layout of all models, aligned with the old one, and return the map."""
        ids = self._ids()
        points, stress = self._new_layout()
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

    def _new_layout(self) -> tuple[NDArray[np.float64], float]:
        n = len(self._models)
        old_points = self.map.points
        if n > LANDMARKS_ABOVE:
            rows = choose_landmarks(n, np.random.default_rng(n))
            landmarks = [self._models[row] for row in rows]
            layout = embed_landmarks(self._distances_to(landmarks).T, rows)
        elif n > FROM_SCRATCH_UP_TO and len(old_points):
            layout = recompute(self._index.distances(), old_points)
        else:
            layout = embed(self._index.distances())
        points = layout.points
        if len(old_points):
            points = align(points, old_points)
        return points, layout.stress

    def _grown(self, points: NDArray[np.float64], to_old: NDArray[np.float64], among: NDArray[np.float64]) -> ModelMap:
        """The map with more points.

        Stress-1 is a quotient of sums over all pairs: those of the new pairs are added to those of the old map.
        """
        old = self.map
        squares = _sum_of_squares(old.points)
        residual = old.stress**2 * squares
        for pairs_per_entry, others, given in ((2, old.points, to_old), (1, points, among)):
            drawn = np.linalg.norm(points[:, None] - others[None], axis=2)
            residual += pairs_per_entry * float(np.square(drawn - given).sum())
            squares += pairs_per_entry * float(np.square(drawn).sum())
        stress = 0.0
        if squares:
            stress = float(np.sqrt(residual / squares))
        all_points = np.concatenate((old.points, points))
        return ModelMap(old.dataset, old.relation, self._ids(), all_points, stress, old.laid_out_with, old.version)

    def _ids(self) -> NDArray[np.int64]:
        return np.array([model.id for model in self._models], dtype=np.int64)

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
    """What the map updater needs of the catalogue's only writer."""

    @property
    def version(self) -> int:
        """Grows with every change."""

    def catalogue(self) -> Catalogue:
        """The live catalogue, to read."""

    def write_map(self, drawn: ModelMap, /) -> None:
        """Store a map."""


@dataclass(frozen=True)
class _Update:
    """One map to bring up to date. known: the models of the stored map, if the thread does not hold that map yet."""

    dataset: str
    relation: Relation
    stored: ModelMap | None
    known: tuple[MappedModel, ...]
    newcomers: tuple[MappedModel, ...]
    recompute: bool


SHARE = 0.1
"""Of the trainer's time, for looking what maps lack and for storing them: with 10,000 models a look takes 0.1 s."""


class MapUpdater:
    """Looks with every tick for models without a place and for requested layouts; a thread computes the maps.

    share: of the time that passes, which it may take itself; it rests after each look.
    problem: why maps are not up to date; empty where they are. It names no data set, as all visitors read it.
    """

    def __init__(self, store: Store, share: float = SHARE) -> None:
        self._store = store
        self._share = share
        self._rests_until = -inf
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="map-updater")
        self._maps: dict[tuple[str, Relation], IncrementalMap] = {}
        self._running: Future[list[ModelMap]] | None = None
        self._seen_version: int | None = None
        self.problem = ""

    def tick(self) -> None:
        """Store finished maps and start missing ones; returns at once."""
        began = monotonic()
        if began >= self._rests_until:
            self._look()
            took = monotonic() - began
            self._rests_until = began + took / self._share

    def _look(self) -> None:
        if self._running is not None:
            if not self._running.done():
                return
            catalogue = self._store.catalogue()
            for finished in self._running.result():
                if _shows_only(finished, catalogue.evaluated_models(finished.dataset)):
                    self._store.write_map(finished)
            self._running = None
        if self._store.version != self._seen_version:
            self._seen_version = self._store.version
            updates = self._needed_updates(self._store.catalogue())
            if updates:
                self._running = self._thread.submit(self._compute_all, updates)

    def close(self) -> None:
        """Wait for the map that is being computed. It is not stored: the next trainer computes it again."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _needed_updates(self, catalogue: Catalogue) -> list[_Update]:
        requested = set(catalogue.requested_layouts())
        updates = []
        for dataset in catalogue.datasets():
            finished = catalogue.evaluated_models(dataset)
            for relation in Relation:
                recompute = (dataset, relation) in requested
                update = self._update_of(catalogue, dataset, relation, finished, recompute)
                if update.newcomers or update.recompute:
                    updates.append(update)
        return updates

    def _update_of(
        self, catalogue: Catalogue, dataset: str, relation: Relation, finished: list[int], recompute: bool
    ) -> _Update:
        held = self._maps.get((dataset, relation))
        if held and not _shows_only(held.map, finished):
            del self._maps[dataset, relation]
            held = None
        stored = held.map if held else catalogue.model_map(dataset, relation)
        placed = [] if stored is None else stored.ids.tolist()
        has_place = set(placed)
        missing = [model for model in finished if model not in has_place]
        newcomers = catalogue.mapped_models(missing)
        known: list[MappedModel] = []
        if held is None and (missing or recompute):
            known = catalogue.mapped_models(placed)
        return _Update(dataset, relation, stored, tuple(known), tuple(newcomers), recompute)

    def _compute_all(self, updates: Sequence[_Update]) -> list[ModelMap]:
        """In the thread: all maps that can be computed; the others are logged, and tried when the catalogue changes."""
        maps = []
        problem = ""
        for update in updates:
            try:
                maps.append(self._compute(update))
            except Exception as error:  # whatever it is (no memory) must not end the trainer
                self._maps.pop((update.dataset, update.relation), None)  # it may be half extended
                reason = _reason(error)
                problem = f"A map was not updated: {reason}. It is tried again with the next model."
                log.error(
                    "the %s map of %s was not updated: %s",
                    update.relation,
                    update.dataset,
                    reason,
                    extra={"dataset": update.dataset},
                )
        self.problem = problem
        return maps

    def _compute(self, update: _Update) -> ModelMap:
        key = (update.dataset, update.relation)
        growing = self._maps.get(key)
        if growing is None:
            growing = IncrementalMap(update.dataset, update.relation, update.stored, update.known)
        if update.newcomers:
            growing.add(update.newcomers)
        if update.recompute:
            growing.recompute()
        self._maps[key] = growing
        return growing.map


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, RemapError):
        return str(error).removesuffix(".")
    return f"{type(error).__name__}: {error}"


def _shows_only(drawn: ModelMap, models: Sequence[int]) -> bool:
    """Whether a map shows none but these models: others were removed with their data set meanwhile."""
    return set(drawn.ids.tolist()) <= set(models)


def _sum_of_squares(points: NDArray[np.float64]) -> float:
    """Sum of squared distances over all ordered pairs of (n, 2) points."""
    n = len(points)
    return float(2 * n * np.square(points).sum() - 2 * np.square(points.sum(axis=0)).sum())
