"""The best of many models, and how much of its accuracy it owes to being chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remap_core.analysis.optimism import optimism_of_best
from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import count
from remap_core.trials.class_labels import Labels
from remap_core.trials.population import Floats, Ints, Population
from remap_core.trials.trial import TrialId
from remap_core.views.objective import Objective
from remap_core.views.view import View

MAX_RIVALS = 100
"""Models that are taken to have a chance of being the best on other images: those that come next to it."""


@dataclass(frozen=True)
class BestOfMany:
    """The best model, of how many, and by how much its value is expected to be too high (a share)."""

    model: TrialId
    models: int
    optimism: float

    @property
    def amount(self) -> str:
        """The optimism in words.

        >>> BestOfMany(3, 40, 0.0081).amount, BestOfMany(3, 40, 0.0002).amount
        ('about 0.8 points', 'less than 0.1 points')
        """
        tenths = round(1000 * self.optimism)
        return f"about {tenths / 10:.1f} points" if tenths else "less than 0.1 points"

    @property
    def sentence(self) -> str:
        """What is too good about it, and what tells the rest.

        >>> BestOfMany(3, 40, 0.0081).sentence[:72]
        'The validation accuracy of the best of 40 models is optimistic by about '
        """
        return (
            f"The validation accuracy of the best of {count(self.models)} models is optimistic by {self.amount}; "
            "the sealed test says what is left of it."
        )


def best_of_many(catalogue: Catalogue, population: Population, view: View) -> BestOfMany | None:
    """The best model by the objective of those that the view shows and allows; None for fewer than two.

    From the predictions of each model's first training; models that were evaluated on other images than the data set
    has now are left out. None where fewer than two have predictions. Takes some hundredths of a second.
    """
    eligible = view.counts(population)
    value = np.where(eligible, view.objective.value(population), np.nan)
    order = np.lexsort((population.parameters, -value))[: np.isfinite(value).sum()]
    labels = catalogue.dataset(population.dataset).validation_labels
    right = _right(catalogue, population, order[:MAX_RIVALS], labels)
    if len(right) < 2:
        return None
    weights = _image_weights(view.objective, labels)
    optimism = optimism_of_best(np.array(right), weights, np.random.default_rng(0))
    return BestOfMany(int(population.id[order[0]]), len(order), optimism)


def _right(catalogue: Catalogue, population: Population, rows: Ints, labels: Labels) -> list[NDArray[np.bool_]]:
    """For each model the images that it classifies correctly, without models that saw other images."""
    accuracy = {int(population.id[row]): population.accuracy[row] for row in rows if population.seeds[row] == 1}
    found = []
    for model in catalogue.mapped_models(population.id[rows].tolist()):
        if len(model.predictions) == len(labels):
            right = model.predictions == labels
            if abs(right.mean() - accuracy.get(model.id, right.mean())) * len(labels) < 0.5:  # less than an image
                found.append(right)
    return found


def _image_weights(objective: Objective, labels: Labels) -> Floats:
    """(n,) what each image counts in the objective's value: as much as its class, shared by the class's images."""
    if objective.is_unweighted:
        return np.ones(len(labels))
    images = np.bincount(labels, minlength=len(objective.weights))
    return np.asarray((np.array(objective.weights) / np.maximum(images, 1))[labels], dtype=np.float64)
