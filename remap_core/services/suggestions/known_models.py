"""What suggestions are made from: the finished models of a data set that were trained alike, and what is on its way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from remap_core.analysis.suggest.features import features_of
from remap_core.analysis.suggest.log_errors import log_errors
from remap_core.analysis.suggest.process import MIN_SCALE, MIN_VALUES, Process, fit_process
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidDistances
from remap_core.services.proposals import architecture_in
from remap_core.space.architecture import Architecture
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Floats, Ints, Population, pareto_front
from remap_core.trials.training_config import TrainingConfig
from remap_core.views.view import View

MAX_KNOWN = 400
"""Models from which is predicted: those on the front, and the last ones. Fitting to so many takes half a second."""

MAX_PENDING = 100
"""Waiting trainings that a suggestion must differ from. What it repeats exactly is left out, however long the queue."""

LATENCY_BAND = 1.2816
"""Standard deviations below a cap on latency that a prediction must be: nine in ten of such models keep to it."""


@dataclass(frozen=True, eq=False)
class KnownModels:
    """n finished models that were trained alike, in the order in which they finished.

    dataset: its name. config: how they were trained. id, parameters: (n,) int64. share: (n,) the objective's value.
    allowed: (n,) bool, within the objective's caps and the view's filter. features: (n, d). latency: (n,) milliseconds.
    """

    dataset: str
    config: TrainingConfig
    id: Ints
    parameters: Ints
    share: Floats
    allowed: NDArray[np.bool_]
    architectures: tuple[Architecture, ...]
    features: Floats
    latency: Floats

    @classmethod
    def none(cls, dataset: str, config: TrainingConfig) -> KnownModels:
        """Nothing is finished yet."""
        whole, shares = np.empty(0, np.int64), np.empty(0)
        return cls(dataset, config, whole, whole, shares, np.empty(0, dtype=bool), (), features_of([]), shares)

    def __len__(self) -> int:
        return len(self.id)

    @property
    def values(self) -> Floats:
        """(n,): `share` on the scale of predictions."""
        return log_errors(self.share)

    @property
    def costs(self) -> Floats:
        """(n,): logarithms of the parameters."""
        return np.log(self.parameters)

    def best_within(self, parameters: int) -> int | None:
        """The row of the best allowed model of at most so many parameters; None where there is none."""
        rows = np.flatnonzero(self.allowed & (self.parameters <= parameters))
        if not len(rows):
            return None
        return int(rows[np.argmax(self.share[rows])])

    def nearest(self, features: Floats) -> int:
        """The row of the model that is most like one of (d,) features."""
        scale = np.maximum(self.features.std(axis=0), MIN_SCALE)
        differences = (self.features - features) / scale
        return int(np.argmin((differences**2).sum(axis=1)))

    def fitted(self) -> tuple[Process | None, str]:
        """What predicts the others; or None and why not, as the end of a sentence."""
        n = len(self)
        if n < MIN_VALUES:
            finished = f"{n} of the {MIN_VALUES} models that a prediction needs {'is' if n == 1 else 'are'} finished"
            return None, finished
        try:
            process = fit_process(self.features, self.values)
        except InvalidDistances as error:
            return None, str(error).rstrip(".")
        except np.linalg.LinAlgError:
            return None, f"the predictions could not be fitted to the {n} finished models"
        if not process.is_better_than_guessing:
            rank = process.rank_correlation
            return (
                None,
                f"predictions from the {n} finished models are no better than guessing (rank correlation {rank:.2f})",
            )
        return process, ""

    @property
    def _measured(self) -> NDArray[np.bool_]:
        """(n,): whose latency is known."""
        return np.isfinite(self.latency) & (self.latency > 0)

    def latency_caveat(self, cap: float | None) -> str:
        """That a cap on latency cannot be applied to candidates, in a sentence; empty where it can."""
        measured = int(self._measured.sum())
        if cap is None or measured >= MIN_VALUES:
            return ""
        return f"The cap on latency is not applied: it needs {MIN_VALUES} measured models, and there are {measured}."

    def too_slow(self, features: Floats, cap: float | None) -> NDArray[np.bool_]:
        """(m,): which candidates of (m, d) features would probably not keep to a cap on latency (milliseconds).

        Latency is measured after a training; before, it is predicted from the features. None where too few are known.
        """
        known = self._measured
        if cap is None or known.sum() < MIN_VALUES:
            return np.zeros(len(features), dtype=bool)
        latency = np.log(self.latency[known])
        if np.ptp(latency) < np.finfo(float).eps:
            return np.full(len(features), bool(latency[0] > np.log(cap)))
        posterior = fit_process(self.features[known], latency).posterior(features)
        upper = posterior.mean + LATENCY_BAND * posterior.deviation
        return np.asarray(upper > np.log(cap))


def known_models(population: Population | None, card: DatasetCard, view: View, config: TrainingConfig) -> KnownModels:
    """The models of a population that were trained like `config`, or where these are few, like most others.

    Raises InvalidView for an objective of another number of classes.
    """
    if population is None or not len(population):
        return KnownModels.none(card.name, config)
    config = reference_config(population, config)
    share = view.objective.value(population)
    alike = population.trained_like(config)
    allowed = view.counts(population)
    found = {
        row: architecture
        for row in _kept(population, alike[np.isfinite(share[alike])], np.where(allowed, share, np.nan))
        if (architecture := architecture_in(population, row, card))
    }
    rows = np.array(list(found), dtype=np.int64)
    return KnownModels(
        card.name,
        config,
        id=population.id[rows],
        parameters=population.parameters[rows],
        share=share[rows],
        allowed=allowed[rows],
        architectures=tuple(found.values()),
        features=features_of(list(found.values())),
        latency=population.latency_1_ms[rows],
    )


def _kept(population: Population, rows: Ints, value: Floats) -> list[int]:
    """At most MAX_KNOWN rows, in their order: those on the front of the allowed models, and the last ones."""
    front = rows[pareto_front(population.parameters[rows], value[rows])]
    others = np.setdiff1d(rows, front)
    room = max(MAX_KNOWN - len(front), 0)
    kept: list[int] = np.union1d(front, others[len(others) - min(room, len(others)) :]).tolist()
    return kept


def reference_config(population: Population, config: TrainingConfig) -> TrainingConfig:
    """The configuration itself if at least MIN_VALUES models were trained like it, else that of most models."""
    if len(population.trained_like(config)) >= MIN_VALUES:
        return config
    in_full = [replace(other, seed=config.seed) for other in population.config if other.start is None]
    if not in_full:
        return config
    ((most, models),) = Counter(in_full).most_common(1)
    if models == len(population.trained_like(config)):
        return config
    return most


def pending_architectures(catalogue: Catalogue, dataset: str) -> list[Architecture]:
    """What is being trained, and the first of what waits, in the queue's order, without repeats of models."""
    queue = catalogue.queue(finished=0, dataset=dataset, waiting=MAX_PENDING)
    return [trial.architecture for trial in queue if not trial.proposal.is_retraining]
