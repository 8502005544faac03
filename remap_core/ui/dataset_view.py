"""A data set as the app reads it: every answer is read or computed once for each set of finished models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import nan

import numpy as np

from remap_core.analysis.durations import TimeEstimate, estimate_time
from remap_core.analysis.edit_effects import Effect, effects
from remap_core.analysis.surrogate import Surrogate
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.samples import samples_uri
from remap_core.services.best_of_many import BestOfMany, best_of_many
from remap_core.services.data.data_issues import DataIssues, data_issues
from remap_core.services.proposals import surrogate_of
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.population import Population
from remap_core.trials.training_config import TrainingConfig
from remap_core.views.filters import Filter
from remap_core.views.objective import Objective
from remap_core.views.view import View

Stamp = tuple[int, float, tuple[str, ...]]
MapStamp = tuple[int, int]


@dataclass(frozen=True, eq=False)
class DatasetView:
    """What the catalogue says about a data set. Answers are read when they are first asked for, and kept.

    stamp: number of finished trainings, when the last one finished (seconds since 1970), class names. While the
    catalogue's stamp is the same, so are all answers except maps, which have a stamp each.
    newest: returns the newest published catalogue.
    """

    name: str
    stamp: Stamp
    newest: Callable[[], Catalogue]
    _surrogates: dict[TrainingConfig, Surrogate | None] = field(default_factory=dict, init=False, repr=False)
    _best: dict[tuple[Objective, Filter], BestOfMany | None] = field(default_factory=dict, init=False, repr=False)
    _maps: dict[Relation, ModelMap] = field(default_factory=dict, init=False, repr=False)
    _icons: dict[int, str] = field(default_factory=dict, init=False, repr=False)
    _samples: dict[int, str] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, name: str, newest: Callable[[], Catalogue]) -> DatasetView:
        """The view of a data set as it is now; raises NotFound."""
        return cls(name, newest().population_stamp(name), newest)

    def is_current(self) -> bool:
        """Whether the newest catalogue still has the same finished models."""
        return self.newest().population_stamp(self.name) == self.stamp

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their labels."""
        return self.stamp[2]

    @cached_property
    def population(self) -> Population:
        """The finished models."""
        return self.newest().population(self.name)

    @cached_property
    def card(self) -> DatasetCard:
        """Shapes, splits and sample images."""
        return self.newest().dataset(self.name)

    @cached_property
    def time_estimate(self) -> TimeEstimate | None:
        """How long trainings take, from those that are finished; None while they are too few."""
        return estimate_time(self.newest().measured(self.name))

    @cached_property
    def edit_effects(self) -> list[Effect]:
        """What each kind of edit changed, over all pairs of parent and child."""
        return effects(self.population, self.newest().descendants(self.name))

    def surrogate(self, config: TrainingConfig) -> Surrogate | None:
        """Predicts accuracies from the models that were trained like this; None while they are too few."""
        training = replace(config, seed=0)
        if training not in self._surrogates:
            self._surrogates[training] = surrogate_of(self.population, self.card, training)
        return self._surrogates[training]

    def best_of_many(self, view: View) -> BestOfMany | None:
        """The best model of a view, and how optimistic its accuracy is; None for fewer than two with predictions."""
        key = (view.objective, view.filter)
        if key not in self._best:
            self._best[key] = best_of_many(self.newest(), self.population, view)
        return self._best[key]

    @cached_property
    def issues(self) -> DataIssues:
        """What the models say about the validation images; raises NotFound for fewer than 5 models."""
        return data_issues(self.newest(), self.name)

    @cached_property
    def median_accuracy(self) -> float:
        """The median accuracy of the finished models; NaN before any."""
        if not len(self.population):
            return nan
        return float(np.nanmedian(self.population.accuracy))

    def sample_images(self, label: int) -> str:
        """Sample images of a class in one picture, as a data URI."""
        if label not in self._samples:
            self._samples[label] = samples_uri(self.card.examples[label])
        return self._samples[label]

    def sample_image(self, label: int) -> str:
        """One small sample image of a class, as a data URI."""
        if label not in self._icons:
            self._icons[label] = samples_uri(self.card.examples[label], limit=1)
        return self._icons[label]

    def map_stamp(self, relation: Relation) -> MapStamp:
        """Edition of a map and number of models on it, now: while they stay, so does the map. (0, 0) before any."""
        return self.newest().map_stamp(self.name, relation)

    def model_map(self, relation: Relation) -> ModelMap | None:
        """The newest map of a relation; None before the first model is on it."""
        known = self._maps.get(relation)
        if known and (known.version, len(known)) == self.map_stamp(relation):
            return known
        newest = self.newest().model_map(self.name, relation)
        if newest:
            self._maps[relation] = newest
        return newest
