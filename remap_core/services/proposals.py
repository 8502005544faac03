"""What is asked of the trainer: initial models, children of chosen ones, repeats with other seeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, islice

import numpy as np

from remap_core.analysis.durations import TimeEstimate
from remap_core.analysis.previews import Children, ParameterCap, Preview, PreviewStatus, by_fingerprint, previews
from remap_core.analysis.surrogate import Surrogate, fit_surrogate
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidTrial
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.sampler import sample_architectures
from remap_core.space.search_spaces import SPACES
from remap_core.space.text import parse_layers
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Population
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import MAX_REPEATS, Origin, Proposal, Trial, TrialState
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
    config = _initial_config(settings, card)
    batch = f"initial, seed {seed}"
    return tuple(Proposal(architecture, card.name, config, batch=batch) for architecture in sampled)


def propose_designs(
    settings: Settings, card: DatasetCard, architectures: Iterable[Architecture], origin: Origin, now: float
) -> tuple[Proposal, ...]:
    """Architectures without a parent for a data set, trained by the settings; all are one batch."""
    config = _initial_config(settings, card)
    batch = f"{origin}, {_moment(now)}"
    return tuple(Proposal(architecture, card.name, config, origin, batch=batch) for architecture in architectures)


def _initial_config(settings: Settings, card: DatasetCard) -> TrainingConfig:
    return TrainingConfig(
        epochs=settings.epochs,
        batch_size=settings.batch_size or TrainingConfig.default_batch_size(card.split[0]),
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        patience=settings.patience,
    )


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
    fresh = {row: one.candidate.child for row, one in enumerate(found) if one.verdict is PreviewStatus.NEW}
    wanted = {row: child for row, child in fresh.items() if child}
    predicted = dict(zip(wanted, surrogate.predict(list(wanted.values())).tolist(), strict=True)) if wanted else {}
    return [replace(one, accuracy=tuple(predicted[row])) if row in predicted else one for row, one in enumerate(found)]


def propose_children(origin: Origin, chosen: Iterable[Preview], now: float) -> tuple[Proposal, ...]:
    """The chosen ones of those that can be trained, each exactly as its parent was; all are one batch."""
    fresh = [preview for preview in chosen if preview.verdict is PreviewStatus.NEW]
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
    if not 1 <= n <= MAX_REPEATS:
        raise InvalidTrial(f"A model is repeated with 1 to {MAX_REPEATS} further seeds at once, but got {n}.")
    model = catalogue.trial(model.model)
    if model.state is not TrialState.COMPLETE:
        raise InvalidTrial(f"A model must be complete to be repeated, but #{model.id} is {model.state}.")
    config = model.proposal.config
    used = {config.seed, *(trial.proposal.config.seed for trial in catalogue.repeats(model.id))}
    free = islice((seed for seed in count(config.seed + 1) if seed not in used), n)
    batch = f"repeats of #{model.id}, {_moment(now)}"
    as_repeat = replace(model.proposal, origin=Origin.REPEAT, parent=model.id, edits=(), batch=batch)
    return tuple(replace(as_repeat, config=replace(config, seed=seed)) for seed in free)


def _moment(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%d %b %H:%M:%S} UTC"
