"""Which classes a chart shows where there are too many for all: those with the most errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from remap_core.trials.evaluation import Evaluation
from remap_core.trials.population import Ints

MAX_IN_FULL = 40
"""A chart of up to so many classes shows all of them."""

MAX_SHOWN = 25
"""Of more classes a chart shows so many, whose names can be read."""


def confused_classes(evaluation: Evaluation) -> Sequence[int]:
    """The classes of the most frequent confusions, those with the most errors first; all in order if there are few.

    >>> from remap_core.trials.evaluation import Latency
    >>> few = Evaluation(np.eye(3, dtype=np.int64), np.zeros(0, np.uint8), Latency(1, 1, "cpu", 1))
    >>> list(confused_classes(few))
    [0, 1, 2]
    """
    classes = len(evaluation.confusion)
    if classes <= MAX_IN_FULL:
        return range(classes)
    errors = _errors(evaluation)
    of_class = errors.sum(axis=1)
    pairs = np.argwhere(errors)
    counts = errors[pairs[:, 0], pairs[:, 1]]
    most_frequent = pairs[np.argsort(-counts, kind="stable")].ravel()
    candidates = dict.fromkeys([*most_frequent.tolist(), *np.argsort(-of_class, kind="stable").tolist()])
    shown = list(candidates)[:MAX_SHOWN]
    return sorted(shown, key=lambda label: -of_class[label])


def worst_classes(evaluation: Evaluation) -> Sequence[int]:
    """The classes of the lowest accuracy, the lowest first; all in order if there are few."""
    classes = len(evaluation.confusion)
    if classes <= MAX_IN_FULL:
        return range(classes)
    by_accuracy = np.argsort(evaluation.class_accuracy, kind="stable")  # classes without images come last
    worst: list[int] = by_accuracy[:MAX_SHOWN].tolist()
    return worst


def _errors(evaluation: Evaluation) -> Ints:
    errors = evaluation.confusion.copy()
    np.fill_diagonal(errors, 0)
    return errors
