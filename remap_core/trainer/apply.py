"""What each command does to the queue: applied inside the store's transaction, answered in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from remap_core.errors import CommandRefused, DatasetError
from remap_core.trainer.ports import Store
from remap_core.trials.commands import (
    Annotate,
    Cancel,
    CancelBatch,
    Command,
    Enqueue,
    Move,
    Pause,
    RecomputeLayout,
    Resume,
    Retry,
    ScoreSealed,
)
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import MAX_REPEATS, Proposal, TrialId, TrialState

MAX_CHILDREN_PER_COMMAND = 1_000
"""Children that one command may ask for: more is a slip of the hand, not a look at neighbours."""

DescribeDataset = Callable[[str], DatasetCard]
"""Loads a data set and says what it is; raises DatasetError."""


def apply(
    command: Command, store: Store, describe: DescribeDataset, now: float, max_parameters: int | None = None
) -> str:
    """Do what the command asks; returns what was done, raises CommandRefused or NotFound where it cannot be.

    max_parameters: of any architecture that is enqueued; None for no cap.
    """
    match command:
        case Enqueue():
            _require_within(command.proposals, max_parameters)
            said = _enqueue(command.proposals, store, describe, now)
        case Cancel():
            store.cancel(command.trial, now)
            said = f"Model {command.trial} cancelled."
        case CancelBatch():
            cancelled = store.cancel_batch(command.batch, now)
            return f"{len(cancelled)} of the batch cancelled: {', '.join(map(str, cancelled))}."
        case Retry():
            store.retry(command.trial, now)
            said = f"Model {command.trial} waits again."
        case Move():
            store.move(command.trial, command.place)
            said = f"Model {command.trial} moved: {command.place}."
        case Annotate():
            store.annotate(command.trial, command.annotation)
            said = f"Note and tags of model {command.trial} kept."
        case ScoreSealed():
            store.ask_sealed_score(command.trial, now)
            said = f"Model {command.trial} is scored on the sealed test images as soon as a worker is free."
        case RecomputeLayout():
            store.request_layout(command.dataset, command.relation)
            said = f"The map by {command.relation} is laid anew."
        case Pause():
            store.set_paused(True)
            said = "The queue is paused: running trainings go on, no further one begins."
        case Resume():
            store.set_paused(False)
            said = "The queue goes on."
    return said


def _enqueue(proposals: Sequence[Proposal], store: Store, describe: DescribeDataset, now: float) -> str:
    if not proposals:
        raise CommandRefused("There is nothing to enqueue: the command holds no architecture.")
    children = sum(proposal.parent is not None for proposal in proposals)
    if children > MAX_CHILDREN_PER_COMMAND:
        raise CommandRefused(f"One batch holds at most {MAX_CHILDREN_PER_COMMAND:,} children, but got {children:,}.")
    for name in {proposal.dataset: None for proposal in proposals}:
        _require_fitting([proposal for proposal in proposals if proposal.dataset == name], store, describe)
    _require_repeatable([proposal for proposal in proposals if proposal.is_repeat], store)
    for parent in {proposal.parent for proposal in proposals if proposal.parent is not None}:
        store.trial(parent)  # NotFound refuses the command
    fresh, known = _without_known(proposals, store)
    ids = store.enqueue(fresh, now) if fresh else []
    return _enqueued_sentence(ids, known)


def _require_within(proposals: Sequence[Proposal], max_parameters: int | None) -> None:
    most = max((proposal.architecture.parameters for proposal in proposals), default=0)
    if max_parameters is not None and most > max_parameters:
        raise CommandRefused(
            f"A model must have at most {max_parameters:,} parameters (REMAP_MAX_PARAMETERS), but one has {most:,}."
        )


def _require_fitting(proposals: Sequence[Proposal], store: Store, describe: DescribeDataset) -> None:
    """All of one data set: it is known (or made known), and every architecture fits its images and classes."""
    name = proposals[0].dataset
    try:
        card = describe(name)
    except DatasetError as error:
        raise CommandRefused(str(error)) from error
    for proposal in proposals:
        architecture = proposal.architecture
        if (architecture.input_shape, architecture.classes) != (card.input_shape, card.classes):
            raise CommandRefused(
                f"The architecture is for images of {_shape(architecture.input_shape)} in {architecture.classes} "
                f"classes, but {name} has {_shape(card.input_shape)} in {card.classes}."
            )
    if name not in store.dataset_names():
        store.register_dataset(card)


def _require_repeatable(repeats: Sequence[Proposal], store: Store) -> None:
    """Each trains a complete model exactly as that was trained, but for the seed."""
    for model, wanted in Counter(repeat.parent for repeat in repeats if repeat.parent is not None).items():
        if wanted > MAX_REPEATS:
            raise CommandRefused(f"A model is repeated with at most {MAX_REPEATS} seeds at once, but got {wanted}.")
        if store.trial(model).proposal.is_repeat:
            raise CommandRefused(f"Model {model} is a repeat: repeat model {store.trial(model).model} instead.")
        if store.trial(model).state is not TrialState.COMPLETE:
            raise CommandRefused(
                f"A model must be complete to be repeated, but model {model} is {store.trial(model).state}."
            )
    for repeat in repeats:
        if repeat.parent is not None and not store.trial(repeat.parent).proposal.same_but_seed(repeat):
            raise CommandRefused(f"A repeat of model {repeat.parent} must be trained as it was but for the seed.")


def _without_known(proposals: Sequence[Proposal], store: Store) -> tuple[list[Proposal], list[TrialId | None]]:
    """What is new, and for each of the rest the trial that is the same training (None: twice in this command)."""
    fingerprints = cache(store.fingerprints)
    fresh: dict[tuple[object, ...], Proposal] = {}
    known: list[TrialId | None] = []
    for proposal in proposals:
        key = (proposal.architecture.fingerprint, proposal.dataset, proposal.config)
        same = (
            store.find_same_training(proposal)
            if proposal.architecture.fingerprint in fingerprints(proposal.dataset)
            else None
        )
        if same is not None or key in fresh:
            known.append(same)
        else:
            fresh[key] = proposal
    return list(fresh.values()), known


def _enqueued_sentence(ids: Sequence[TrialId], known: Sequence[TrialId | None]) -> str:
    parts = []
    if ids:
        parts.append(
            f"Model {ids[0]} enqueued." if len(ids) == 1 else f"{len(ids)} models enqueued: {ids[0]} to {ids[-1]}."
        )
    present = sorted({trial for trial in known if trial is not None})
    if present:
        noun = "Already trained or waiting as model" + ("s" if len(present) > 1 else "")
        parts.append(f"{noun} {', '.join(map(str, present))}.")
    twice = sum(trial is None for trial in known)
    if twice:
        parts.append(f"{twice} asked for twice.")
    return " ".join(parts)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
