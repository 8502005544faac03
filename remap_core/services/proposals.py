"""Trainings proposed to the trainer: initial models, children of chosen ones, repeats with other seeds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from remap_core.analysis.durations import TimeEstimate
from remap_core.analysis.previews import Children, Preview, PreviewStatus, by_fingerprint, previews
from remap_core.analysis.surrogate import Surrogate, fit_surrogate
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.formatting import model_name, model_tags
from remap_core.services.child_trainings import child_config
from remap_core.services.pace import ELSEWHERE, Pace
from remap_core.services.sampling import SamplingPlan, plan_for, set_caps
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Caps, tightest
from remap_core.space.text import parse_layers
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Population
from remap_core.trials.training_config import MAX_SEED, TrainingConfig
from remap_core.trials.training_recipe import RECIPES, THOROUGH
from remap_core.trials.trial import MAX_REPEATS, Origin, Proposal, Trial, TrialId, TrialState
from remap_core.views.objective import Objective

MAX_FITTED = 400
"""Models from which accuracies are predicted, the last ones: fitting to so many takes half a second."""


_BATCH_NAMES = {
    Origin.ABLATION: "ablations of",
    Origin.VARIATION: "variations of",
    Origin.HANDCRAFTED: "handcrafted from",
    Origin.REPEAT: "repeats of",
    Origin.FINISH: "long training of",
}


def propose_initial(
    settings: Settings,
    card: DatasetCard,
    n: int,
    seed: int,
    known: Collection[str] = (),
    *,
    plan: SamplingPlan | None = None,
) -> tuple[Proposal, ...]:
    """n sampled architectures for a data set, none with a fingerprint in `known`.

    plan: what they are sampled from; by default what the settings say. Raises InvalidSpace and SpaceExhausted.
    """
    plan = plan or plan_of(settings, card)
    config = initial_config(settings, card)
    batch = f"initial, seed {seed}"
    return tuple(
        Proposal(architecture, card.name, config, batch=batch, space=plan.space.name)
        for architecture in plan.sample(n, seed, known)
    )


def plan_of(
    settings: Settings, card: DatasetCard, space: str = "", pace: Pace = ELSEWHERE, *, caps: Caps = ()
) -> SamplingPlan:
    """What the models of a data set are sampled from; space, caps: see `plan_for`. Raises InvalidSpace."""
    train_images, _, _ = card.split
    return plan_for(settings, card.input_shape, card.classes, train_images, space=space, caps=caps, pace=pace)


def propose_designs(
    settings: Settings,
    card: DatasetCard,
    architectures: Iterable[Architecture],
    origin: Origin,
    now: float,
    *,
    space: str = "",
    source: str = "",
) -> tuple[Proposal, ...]:
    """Architectures without a parent for a data set, trained by the settings; all are one batch.

    space: name of the one that they were sampled from. source: where they are from, for the batch's name: see
    `baseline_source` and `import_source`.
    """
    config = initial_config(settings, card)
    batch = f"{source or origin}, {moment(now)}"
    return tuple(
        Proposal(architecture, card.name, config, origin, batch=batch, space=space) for architecture in architectures
    )


def baseline_source(name: str) -> str:
    """The beginning of the name of a batch with a baseline."""
    return f"baseline {name}"


def import_source(name: str) -> str:
    """The beginning of the name of a batch with what was read of a file.

    >>> import_source("my net, v2.onnx")
    'import my net_ v2.onnx'
    """
    return f"import {re.sub(r'[^A-Za-z0-9.() -]', '_', name)[-40:]}"


def initial_config(settings: Settings, card: DatasetCard) -> TrainingConfig:
    """How models of a data set are trained by the settings."""
    train_images, _, _ = card.split
    return TrainingConfig(
        epochs=settings.epochs,
        batch_size=settings.batch_size or TrainingConfig.default_batch_size(train_images),
        recipe=RECIPES[settings.recipe].with_learning_rate(settings.learning_rate),
        seed=settings.seed,
        patience=settings.patience,
    )


def caps_on_children(settings: Settings, objective: Objective) -> Caps:
    """What children must keep to: the settings' caps, or the objective's where that is lower.

    Caps that are only a default for sampling are not among them.
    """
    return tightest((*objective.caps, *set_caps(settings)))


def surrogate_of(population: Population, card: DatasetCard, config: TrainingConfig) -> Surrogate | None:
    """A surrogate fitted to the last models that were trained like this; None while there are too few."""
    known = {
        row: architecture
        for row in population.trained_like(config)[-MAX_FITTED:].tolist()
        if (architecture := architecture_in(population, row, card))
    }
    return fit_surrogate(list(known.values()), population.accuracy[list(known)])


def architecture_in(population: Population, row: int, card: DatasetCard) -> Architecture | None:
    """The architecture of a row; None for one that was trained on other images, before the data set was replaced."""
    try:
        architecture = Architecture(card.input_shape, card.classes, parse_layers(population.text[row]))
    except InvalidArchitecture:
        return None
    return architecture if architecture.parameters == population.parameters[row] else None


def preview_children(
    catalogue: Catalogue,
    children: Children,
    caps: Caps,
    estimate: TimeEstimate | None,
    surrogate: Surrogate | None = None,
    *,
    inherit: int | None = None,
) -> list[Preview]:
    """The verdict on each child before any is queued; all children, the estimate and the surrogate are of one data set.

    inherit: epochs from the parents' weights; None for full trainings. Accuracies are predicted only if the surrogate
    is better than guessing the mean. Raises InvalidTrial for weights of a parent that is not complete.
    """
    if not children:
        return []
    first_parent, _ = children[0]
    fingerprints = [candidate.child.fingerprint for _, candidate in children if candidate.child]
    present = by_fingerprint(catalogue.trainings_of(first_parent.proposal.dataset, fingerprints))
    configs = {parent.id: child_config(catalogue, parent, inherit) for parent, _ in children}
    judged = previews(children, present, estimate, caps, lambda parent: configs[parent.id])
    if surrogate is None or surrogate.error >= surrogate.guess:
        return judged
    return _with_accuracies(judged, surrogate)


def _with_accuracies(judged: Sequence[Preview], surrogate: Surrogate) -> list[Preview]:
    """The previews, those of new children with their predicted accuracies."""
    new = {}
    for row, preview in enumerate(judged):
        if preview.verdict is PreviewStatus.NEW and preview.candidate.child:
            new[row] = preview.candidate.child
    completed = list(judged)
    if new:
        predictions = surrogate.predict(list(new.values())).tolist()
        for row, (share, low, high) in zip(new, predictions, strict=True):
            completed[row] = replace(judged[row], accuracy=(share, low, high))
    return completed


def propose_children(origin: Origin, chosen: Iterable[Preview], now: float) -> tuple[Proposal, ...]:
    """The new ones of the chosen children as one batch, each trained as its preview says, else like its parent."""
    new = [preview for preview in chosen if preview.verdict is PreviewStatus.NEW]
    parents = sorted({preview.parent.model for preview in new})
    batch = _batch_name(origin, parents, now)
    return tuple(
        replace(
            preview.parent.proposal,
            architecture=preview.candidate.child,
            config=preview.config or preview.parent.proposal.config,
            origin=origin,
            parent=preview.parent.model,
            edits=preview.candidate.edits,
            batch=batch,
        )
        for preview in new
        if preview.candidate.child
    )


def propose_finish(
    catalogue: Catalogue, model: Trial, epochs: int, augmentation: Sequence[str], now: float
) -> Proposal:
    """A long training of a complete model for use elsewhere: with the recipe `thorough`, from the model's weights.

    It stands for its model, as a repeat does. Raises InvalidTrial unless the model is complete.
    """
    model = catalogue.trial(model.model)
    _require_complete(model, "finished")
    config = replace(
        model.proposal.config,
        epochs=epochs,
        recipe=THOROUGH.with_augmentation(augmentation),
        patience=0,
        start=model.id,
    )
    return _retraining(model, Origin.FINISH, config, now)


def propose_again(trials: Iterable[Trial], settings: Settings, card: DatasetCard, now: float) -> tuple[Proposal, ...]:
    """The same architectures, trained by today's settings; they become models of their own, as one batch."""
    config = initial_config(settings, card)
    batch = f"front with {config.recipe.title}, {moment(now)}"
    return tuple(replace(trial.proposal, config=config, batch=batch) for trial in trials)


def propose_repeats(catalogue: Catalogue, model: Trial, n: int, now: float) -> tuple[Proposal, ...]:
    """n repeats of a complete model with the next unused seeds, as one batch; a repeat stands for its model.

    Raises InvalidTrial unless the model is complete, was trained in full, and n is 1 to 10.
    """
    if not 1 <= n <= MAX_REPEATS:
        raise InvalidTrial(f"A model can be repeated with 1 to {MAX_REPEATS} seeds at once, but got {n}.")
    model = catalogue.trial(model.model)
    _require_complete(model, "repeated")
    if model.proposal.inherits:
        raise InvalidTrial(
            f"{model_name(model.id)} started from its parent's weights, so other seeds would tell little: "
            "train it in full first."
        )
    seeds = _unused_seeds(catalogue, model, n)
    configs = [replace(model.proposal.config, seed=seed) for seed in seeds]
    return tuple(_retraining(model, Origin.REPEAT, config, now) for config in configs)


def _require_complete(model: Trial, participle: str) -> None:
    if model.state is not TrialState.COMPLETE:
        name = model_name(model.id)
        raise InvalidTrial(f"A model must be complete to be {participle}, but {name} is {model.state}.")


def _retraining(model: Trial, origin: Origin, config: TrainingConfig, now: float) -> Proposal:
    return Proposal(
        model.architecture,
        model.proposal.dataset,
        config,
        origin=origin,
        parent=model.id,
        batch=_batch_name(origin, [model.id], now),
        space=model.proposal.space,
    )


def _unused_seeds(catalogue: Catalogue, model: Trial, n: int) -> list[int]:
    """The n next seeds after the model's own with which it was not trained; after the highest comes 0."""
    seed = model.proposal.config.seed
    used = {trial.proposal.config.seed for trial in catalogue.repeats(model.id)}
    unused: list[int] = []
    while len(unused) < n:
        seed = (seed + 1) % (MAX_SEED + 1)
        if seed not in used:
            unused.append(seed)
    return unused


def _batch_name(origin: Origin, parents: Sequence[TrialId], now: float) -> str:
    """A name that people can read, for example "ablations of #3, 29 Nov 10:11:12 UTC"."""
    return f"{_BATCH_NAMES[origin]} {model_tags(parents)}, {moment(now)}"


def moment(now: float) -> str:
    """A time for the name of a batch, for example "29 Nov 10:11:12 UTC"."""
    return f"{datetime.fromtimestamp(now, UTC):%d %b %H:%M:%S} UTC"
