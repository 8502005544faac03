"""Two models compared: a paired test on the validation images, and what an edit did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from remap_core.analysis.mcnemar import PairedTest, paired_test
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidTrial, NotFound, RemapError
from remap_core.formatting import points
from remap_core.space.edits import sentences
from remap_core.trials.population import pareto_front
from remap_core.trials.trial import Trial


def front(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that no other beats in validation accuracy and parameters, by rising parameters."""
    parameters = np.array([trial.architecture.parameters for trial in trials])
    accuracies = np.array([np.nan if trial.accuracy is None else trial.accuracy for trial in trials])
    return [trials[row] for row in pareto_front(parameters, accuracies)]


def compare_predictions(catalogue: Catalogue, first: Trial, second: Trial) -> PairedTest:
    """The paired test of two models on the validation images of their data set.

    Raises InvalidTrial with the reason where they were not judged on the same images, NotFound where one was not.
    """
    if first.proposal.dataset != second.proposal.dataset:
        raise InvalidTrial(f"#{first.id} and #{second.id} are models of different data sets: nothing can be paired.")
    gold, predicted = judged_images(catalogue, first)
    return paired_test(gold, predicted, judged_images(catalogue, second)[1])


def judged_images(catalogue: Catalogue, trial: Trial) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Gold and predicted class of each validation image of a model's data set, both (n,).

    Raises NotFound where the model has no predictions, InvalidTrial where they are of other images than the data set
    has by now.
    """
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        raise NotFound(f"#{trial.id} has no predictions: it is {trial.state}.")
    gold, predicted = catalogue.dataset(trial.proposal.dataset).validation_labels, evaluation.predictions
    if len(gold) != len(predicted) or (gold == predicted).sum() != np.trace(evaluation.confusion):
        raise InvalidTrial(f"#{trial.id} was judged on other images than its data set has by now.")
    return gold, predicted


def ancestors(catalogue: Catalogue, trial: Trial, most: int = 20) -> list[Trial]:
    """Who a model comes from, its parent last; the nearest `most`. Ends where a parent is not in the catalogue."""
    chain: list[Trial] = []
    seen = {trial.id}
    while trial.proposal.parent is not None and trial.proposal.parent not in seen and len(chain) < most:
        found = catalogue.trials([trial.proposal.parent])
        if not found:
            break
        trial = found[0]
        seen.add(trial.id)
        chain.append(trial)
    return chain[::-1]


def edit_sentence(parent: Trial, child: Trial) -> str:
    """What was done to the parent to get the child."""
    return "; ".join(sentences(parent.architecture, child.proposal.edits))


def effect_sentence(catalogue: Catalogue, parent: Trial, child: Trial) -> str:
    """What an edit did to accuracy and parameters; whether that is more than noise where it can be tested.

    >>> parameters_sentence(1000, 900), parameters_sentence(1, 1)
    ('100 parameters fewer', 'as many parameters')
    """
    if child.accuracy is None or parent.accuracy is None:
        return child.state.value
    change = points(child.accuracy - parent.accuracy)
    try:
        noise = " (within noise)" if compare_predictions(catalogue, parent, child).is_noise else ""
    except RemapError:
        noise = f" ({child.state})"
    return f"{change}{noise}, {parameters_sentence(parent.architecture.parameters, child.architecture.parameters)}"


def parameters_sentence(before: int, after: int) -> str:
    """How many parameters more or fewer."""
    if before == after:
        return "as many parameters"
    return f"{abs(after - before):,} parameters {'more' if after > before else 'fewer'}"
