"""Use cases: what a page or a command asks for, in one call each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.reader import Catalogue
from remap_core.children.previews import Children, ParameterCap, Preview, Verdict, by_fingerprint, previews
from remap_core.children.times import TimeEstimate
from remap_core.drawing.report import Report, ReportedModel, Step
from remap_core.drawing.words import points
from remap_core.errors import ExportFailed, InvalidTrial, NotFound, RemapError
from remap_core.exports.model import FinishedModel, read_model
from remap_core.geometry.mcnemar import PairedTest, paired_test
from remap_core.geometry.surrogate import Surrogate, fit_surrogate
from remap_core.halving import Contender, Hindsight, in_hindsight
from remap_core.population import Population, pareto_front
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.edits import sentences
from remap_core.space.sampler import SPACES, sample_architectures
from remap_core.space.text import parse_layers
from remap_core.trials import MOST_REPEATS, DatasetCard, Origin, Proposal, TrainingConfig, Trial, TrialId, TrialState
from remap_core.views.objective import Objective

MOST_KNOWN = 400
"""Models that predictions are made from: to fit them takes half a second."""


def propose_initial(
    settings: Settings, card: DatasetCard, n: int, seed: int, known: Collection[str] = ()
) -> tuple[Proposal, ...]:
    """n sampled architectures for a data set, none with a fingerprint in `known`; raises SpaceExhausted."""
    sampled = sample_architectures(
        SPACES[settings.space],
        card.input_shape,
        card.classes,
        n,
        np.random.default_rng(seed),
        max_parameters=settings.max_parameters,
        known=known,
    )
    config = TrainingConfig(
        epochs=settings.epochs,
        batch_size=settings.batch_size or TrainingConfig.fitting_batch(card.split[0]),
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        patience=settings.patience,
    )
    batch = f"initial, seed {seed}"
    return tuple(Proposal(architecture, card.name, config, batch=batch) for architecture in sampled)


def parameter_cap(settings: Settings, objective: Objective) -> ParameterCap:
    """What a child may have at most: what the objective allows, and never more than the trainer does."""
    if objective.max_parameters is not None and objective.max_parameters <= settings.max_parameters:
        return ParameterCap(objective.max_parameters, "the objective's cap")
    return ParameterCap(settings.max_parameters, "REMAP_MAX_PARAMETERS")


def surrogate_of(population: Population, card: DatasetCard, epochs: int) -> Surrogate | None:
    """What the models that were trained for so many epochs, the last ones, say of others; None while they are few."""
    rows = np.flatnonzero(population.epochs == epochs)[-MOST_KNOWN:]
    known = [Architecture(card.input_shape, card.classes, parse_layers(population.text[row])) for row in rows]
    return fit_surrogate(known, population.accuracy[rows])


def preview_children(
    catalogue: Catalogue,
    children: Children,
    cap: ParameterCap,
    estimate: TimeEstimate | None,
    surrogate: Surrogate | None = None,
) -> list[Preview]:
    """The verdict on each candidate before anything is queued; all are of one data set, and so is what estimates.

    Accuracies are predicted by a surrogate that is better than a guess.
    """
    if not children:
        return []
    dataset = children[0][0].proposal.dataset
    wanted = [candidate.child.fingerprint for _, candidate in children if candidate.child]
    present = by_fingerprint(catalogue.trainings_of(dataset, wanted))
    found = previews(children, present, estimate, cap)
    return _with_accuracies(found, surrogate) if surrogate and surrogate.error < surrogate.guess else found


def _with_accuracies(found: list[Preview], surrogate: Surrogate) -> list[Preview]:
    fresh = {row: one.candidate.child for row, one in enumerate(found) if one.verdict is Verdict.FRESH}
    wanted = {row: child for row, child in fresh.items() if child}
    predicted = dict(zip(wanted, surrogate.predict(list(wanted.values())).tolist(), strict=True)) if wanted else {}
    return [replace(one, accuracy=tuple(predicted[row])) if row in predicted else one for row, one in enumerate(found)]


def propose_children(origin: Origin, chosen: Iterable[Preview], now: float) -> tuple[Proposal, ...]:
    """The chosen ones of those that can be trained, each exactly as its parent was; all are one batch."""
    fresh = [preview for preview in chosen if preview.verdict is Verdict.FRESH]
    parents = ", ".join(f"#{parent}" for parent in sorted({preview.parent.model for preview in fresh}))
    batch = f"{origin} of {parents}, {_moment(now)}"
    return tuple(
        replace(
            preview.parent.proposal,
            architecture=preview.candidate.child,
            origin=origin,
            parent=preview.parent.model,
            edits=preview.candidate.edits,
            batch=batch,
        )
        for preview in fresh
        if preview.candidate.child
    )


def propose_repeats(catalogue: Catalogue, model: Trial, n: int, now: float) -> tuple[Proposal, ...]:
    """n further trainings of a complete model, with the next seeds that it was not trained with; all are one batch.

    A repeat stands for the model that it repeats. Raises InvalidTrial for a model that is not complete, and for an n
    that is not 1 to 10.
    """
    if not 1 <= n <= MOST_REPEATS:
        raise InvalidTrial(f"A model is repeated with 1 to {MOST_REPEATS} further seeds at once, but got {n}.")
    model = catalogue.trial(model.model)
    if model.state is not TrialState.COMPLETE:
        raise InvalidTrial(f"A model must be complete to be repeated, but #{model.id} is {model.state}.")
    config = model.proposal.config
    used = {config.seed, *(trial.proposal.config.seed for trial in catalogue.repeats(model.id))}
    free = islice((seed for seed in count(config.seed + 1) if seed not in used), n)
    batch = f"repeats of #{model.id}, {_moment(now)}"
    as_repeat = replace(model.proposal, origin=Origin.REPEAT, parent=model.id, edits=(), batch=batch)
    return tuple(replace(as_repeat, config=replace(config, seed=seed)) for seed in free)


def halving_in_hindsight(catalogue: Catalogue, dataset: str) -> tuple[list[Trial], Hindsight]:
    """Complete initial models of a data set that were trained alike, and what halving would have made of them.

    Of several ways of training the one of the most models. Raises NotFound where there are none.
    """
    complete = catalogue.trials(sorted(catalogue.trial_ids(TrialState.COMPLETE)))
    initial = [one for one in complete if (one.proposal.dataset, one.proposal.origin) == (dataset, Origin.INITIAL)]
    if not initial:
        raise NotFound(f"There are no complete initial models of {dataset} yet.")
    (config, _), *_ = Counter(trial.proposal.config for trial in initial).most_common(1)
    alike = [trial for trial in initial if trial.proposal.config == config]
    curves = catalogue.epoch_curves([trial.id for trial in alike])
    return alike, in_hindsight(
        [Contender(trial.id, trial.state, config.epochs, tuple(curves[trial.id])) for trial in alike]
    )


def front(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that no other beats in validation accuracy and parameters, by rising parameters."""
    parameters = np.array([trial.architecture.parameters for trial in trials])
    accuracies = np.array([np.nan if trial.accuracy is None else trial.accuracy for trial in trials])
    return [trials[row] for row in pareto_front(parameters, accuracies)]


def _moment(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%d %b %H:%M:%S} UTC"


def start_trainer(settings: Settings, folder: DataFolder) -> subprocess.Popen[bytes]:
    """A trainer daemon for the data folder that leaves when this process does.

    It keeps its own log; what else it writes goes into `folder.trainer_output`. Raises FolderUnusable.
    """
    command = [sys.executable, "-m", "remap_core.cli", "trainer", "--with-parent", str(os.getpid())]
    environment = os.environ | {
        f"REMAP_{name.upper()}": str(value) for name, value in settings.model_dump(mode="json").items()
    }
    with folder.using():
        output = folder.trainer_output.open("ab")
    with output as sink:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment)


def last_words(folder: DataFolder) -> str:
    """Why the last trainer that was started by `start_trainer` ended, in its own words; empty where it said none."""
    try:
        with folder.trainer_output.open("rb") as output:
            output.seek(-min(2000, folder.trainer_output.stat().st_size), os.SEEK_END)
            lines = output.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("Error: ") if lines else ""


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


def finished_model(catalogue: Catalogue, folder: DataFolder, model: TrialId) -> FinishedModel:
    """A complete model with its weights and accuracies, ready to be exported; raises NotFound or ExportFailed."""
    trial = catalogue.trial(model)
    if trial.state is not TrialState.COMPLETE:
        raise ExportFailed(f"Only complete models are exported, and model {model} is {trial.state}.")
    test = catalogue.sealed_test(model)
    card = catalogue.dataset(trial.proposal.dataset)
    return read_model(folder.weights(model), trial, card, test.score if test else None)


def report_of(catalogue: Catalogue, population: Population, models: Sequence[TrialId], now: float) -> Report:
    """What there is to tell of a population, and of some models in particular; raises NotFound."""
    best = pareto_front(population.parameters, population.accuracy)
    finished = Counter(population.origin)
    made = f"{datetime.fromtimestamp(now, UTC):%d %B %Y, %H:%M} UTC"
    reported = tuple(_reported(catalogue, catalogue.trial(model)) for model in models)
    front = catalogue.trials([int(population.id[row]) for row in best])
    return Report(catalogue.dataset(population.dataset), made, finished, front, reported)


def _reported(catalogue: Catalogue, trial: Trial) -> ReportedModel:
    chain = [*ancestors(catalogue, trial), trial]
    steps = tuple(
        Step(parent, edit_sentence(parent, child), effect_sentence(catalogue, parent, child))
        for parent, child in pairwise(chain)
        if not child.proposal.is_repeat
    )
    evaluation, test = catalogue.evaluation(trial.id), catalogue.sealed_test(trial.id)
    latency, sealed = evaluation.latency if evaluation else None, test.score if test else None
    return ReportedModel(trial, steps, latency, sealed, catalogue.annotations([trial.id]).get(trial.id))


def edit_sentence(parent: Trial, child: Trial) -> str:
    """What was done to the parent to get the child."""
    return "; ".join(sentences(parent.architecture, child.proposal.edits))


def effect_sentence(catalogue: Catalogue, parent: Trial, child: Trial) -> str:
    """What an edit did to accuracy and parameters; whether that is more than noise where it can be tested.

    >>> from remap_core.services import parameters_sentence
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


def architectures_json(trials: Iterable[Trial]) -> str:
    """The architectures of models as a JSON list of their public form, as `remap describe` reads it."""
    return json.dumps([trial.architecture.to_json() for trial in trials], indent=1)
