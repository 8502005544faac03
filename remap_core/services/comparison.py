"""Models compared: on the Pareto front, and in pairs on the validation images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from remap_core.analysis.mcnemar import PairedTest, paired_test
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidTrial, NotFound
from remap_core.formatting import model_name, model_tags
from remap_core.trials.class_labels import Labels
from remap_core.trials.population import pareto_front
from remap_core.trials.trial import Trial, TrialId


def front(trials: Sequence[Trial]) -> list[Trial]:
    """The Pareto front of the trials in validation accuracy and parameters, by increasing parameters."""
    parameters = []
    accuracies = []
    for trial in trials:
        parameters.append(trial.architecture.parameters)
        accuracies.append(trial.accuracy)
    rows = pareto_front(np.array(parameters), np.array(accuracies, dtype=float))  # NaN for None
    return [trials[row] for row in rows]


def training_difference(trials: Sequence[Trial]) -> str:
    """How models were trained differently, in a sentence; empty where only their architectures and seeds differ.

    For example "#3: 10 epochs, recipe paper, batch size 32. #7: 10 epochs, recipe quick, batch size 32. Differences may
    come from the training."
    """
    if all(trial.proposal.config.is_like(trials[0].proposal.config) for trial in trials):
        return ""
    models: dict[str, list[TrialId]] = {}
    for trial in trials:
        models.setdefault(trial.proposal.config.title, []).append(trial.id)
    parts = [f"{model_tags(ids)}: {title}." for title, ids in models.items()]
    return f"{' '.join(parts)} Differences may come from the training."


def compare_predictions(catalogue: Catalogue, first: Trial, second: Trial) -> PairedTest:
    """The paired test of two models on the validation images of their data set.

    Raises InvalidTrial where they were not evaluated on the same images, NotFound where one has no predictions.
    """
    if first.proposal.dataset != second.proposal.dataset:
        raise InvalidTrial(
            f"{model_name(first.id)} and {model_name(second.id)} cannot be compared image by image: "
            "they belong to different data sets."
        )
    true_classes, first_predicted = judged_images(catalogue, first)
    _, second_predicted = judged_images(catalogue, second)
    return paired_test(true_classes, first_predicted, second_predicted)


def judged_images(catalogue: Catalogue, trial: Trial) -> tuple[Labels, Labels]:
    """True and predicted class of each validation image of a model's data set, both (n,).

    Raises NotFound where the model has no predictions, InvalidTrial where the data set's images have changed since.
    """
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        raise NotFound(f"{model_name(trial.id)} has no predictions: it is {trial.state}.")
    true_classes = catalogue.dataset(trial.proposal.dataset).validation_labels
    predicted = evaluation.predictions
    recorded = np.trace(evaluation.confusion)
    same_images = len(true_classes) == len(predicted)
    if not same_images or np.sum(true_classes == predicted) != recorded:
        raise InvalidTrial(f"{model_name(trial.id)} was evaluated on other images than its data set has now.")
    return true_classes, predicted
