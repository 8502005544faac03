"""What each command does to the queue. It runs inside the store's transaction and answers with a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from remap_core.datasets.naming import split_part
from remap_core.errors import CommandRefused, DatasetError
from remap_core.formatting import count, dataset_title, model_name, pluralize
from remap_core.space.caps import Caps, amount, bare_text, exceeded, tightest
from remap_core.trainer.ports import Store
from remap_core.trainer.rights import UNLIMITED, Rights
from remap_core.trials.commands import (
    AddedDataset,
    Annotate,
    Cancel,
    CancelBatch,
    Command,
    Enqueue,
    Move,
    Pause,
    RecomputeLayout,
    RemoveDataset,
    Resume,
    Retry,
    ScoreSealed,
)
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import MAX_REPEATS, Origin, Place, Proposal, TrialId, TrialState

MAX_CHILDREN_PER_COMMAND = 1_000
"""Children that one command may enqueue. More is a slip of the hand, not a look at neighbors."""

DescribeDataset = Callable[[str], DatasetCard]
"""Loads a data set and returns its card; raises DatasetError."""

_DIRECTIONS = {
    Place.TOP: "to the top",
    Place.UP: "up",
    Place.DOWN: "down",
    Place.BOTTOM: "to the bottom",
}


def apply(
    command: Command,
    store: Store,
    describe: DescribeDataset,
    now: float,
    *,
    caps: Caps = (),
    rights: Rights = UNLIMITED,
) -> str:
    """Apply a command and return a sentence about what was done. Raises CommandRefused or NotFound.

    caps: on every architecture that is enqueued, besides those of the command; caps on seconds are not looked at.
    rights: of who sent it.
    """
    rights.require(command, store)
    match command:
        case Enqueue():
            _require_within(command.proposals, tightest((*caps, *command.caps)))
            answer = _enqueue(command.proposals, store, describe, now, rights)
        case Cancel():
            store.cancel(command.trial, now)
            answer = f"{model_name(command.trial)} cancelled."
        case CancelBatch():
            cancelled = store.cancel_batch(command.batch, now)
            answer = f"{pluralize(len(cancelled), 'model')} cancelled: {_listed(cancelled)}."
        case Retry():
            store.retry(command.trial, now)
            answer = f"{model_name(command.trial)} queued again."
        case Move():
            store.move(command.trial, command.place, rights.moves_past)
            answer = f"Moved {model_name(command.trial)} {_DIRECTIONS[command.place]}."
        case Annotate():
            person = rights.owner if command.is_own else ""
            store.annotate(command.trial, command.changed(store.annotation(command.trial, person)), person)
            answer = f"Saved {_annotated(command)} of {model_name(command.trial)}."
        case ScoreSealed():
            store.ask_sealed_score(command.trial, now)
            answer = f"{model_name(command.trial)} will be scored on the sealed test images when a worker is free."
        case RecomputeLayout():
            store.request_layout(command.dataset, command.relation)
            answer = f"Layout of the {command.relation} map: recomputing."
        case AddedDataset():
            answer = f"{dataset_title(command.dataset)} added."
        case RemoveDataset():
            removed = _remove(command.dataset, store)
            answer = f"{dataset_title(command.dataset)} removed, with {pluralize(len(removed), 'training')}."
        case Pause():
            store.set_paused(True)
            answer = "Queue paused: running trainings continue, no new ones start."
        case Resume():
            store.set_paused(False)
            answer = "Queue resumed."
    return answer


def _remove(dataset: str, store: Store) -> list[TrialId]:
    """Remove a data set, and what was trained on parts of it."""
    removed = store.remove_dataset(dataset)
    for name in store.dataset_names():
        if split_part(name)[0] == dataset:
            removed += store.remove_dataset(name)
    return removed


def _annotated(command: Annotate) -> str:
    if command.tags is None:
        return "the note"
    if command.note is None:
        return "the tags"
    return "the note and tags"


def _enqueue(proposals: Sequence[Proposal], store: Store, describe: DescribeDataset, now: float, rights: Rights) -> str:
    _require_acceptable_size(proposals)
    for name in dict.fromkeys(proposal.dataset for proposal in proposals):
        of_dataset = [proposal for proposal in proposals if proposal.dataset == name]
        _require_fitting(name, of_dataset, store, describe)
    _require_trained([proposal for proposal in proposals if proposal.is_retraining], store)
    _require_repeats([proposal for proposal in proposals if proposal.is_repeat], store)
    _require_finishes([proposal for proposal in proposals if proposal.origin is Origin.FINISH], store)
    _require_starts([proposal for proposal in proposals if proposal.inherits], store)
    for parent in {proposal.parent for proposal in proposals if proposal.parent is not None}:
        store.trial(parent)  # NotFound refuses the command
    new, known = _without_known(proposals, store)
    ids: list[TrialId] = []
    if new:
        rights.require_room(len(new), store)
        ids = store.enqueue(new, now, rights.owner)
    return _enqueued_sentence(ids, known)


def _require_acceptable_size(proposals: Sequence[Proposal]) -> None:
    if not proposals:
        raise CommandRefused("There is nothing to enqueue: the command holds no architecture.")
    children = sum(proposal.parent is not None for proposal in proposals)
    if children > MAX_CHILDREN_PER_COMMAND:
        raise CommandRefused(
            f"A batch must have at most {count(MAX_CHILDREN_PER_COMMAND)} children, but got {count(children)}."
        )


def _require_within(proposals: Sequence[Proposal], caps: Caps) -> None:
    for proposal in proposals:
        over = exceeded(caps, proposal.architecture)
        if over:
            cost = amount(over.cost, proposal.architecture)
            source = f" ({over.source})" if over.source else ""
            raise CommandRefused(
                f"A model must have at most {over.text}{source}, but one has {bare_text(over.cost, cost)}."
            )


def _require_fitting(name: str, proposals: Sequence[Proposal], store: Store, describe: DescribeDataset) -> None:
    """Every architecture fits the images and classes of the data set, which is registered if it is new."""
    try:
        card = describe(name)
    except DatasetError as error:
        raise CommandRefused(str(error)) from error
    for proposal in proposals:
        architecture = proposal.architecture
        if (architecture.input_shape, architecture.classes) != (card.input_shape, card.classes):
            raise CommandRefused(
                f"The architecture is for images of {_dimensions(architecture.input_shape)} in "
                f"{architecture.classes} classes, but {name} has {_dimensions(card.input_shape)} in {card.classes}."
            )
    if name not in store.dataset_names():
        store.register_dataset(card)


def _require_trained(retrainings: Sequence[Proposal], store: Store) -> None:
    """Each trains a complete model."""
    for proposal in retrainings:
        if proposal.parent is None:
            continue
        trial = store.trial(proposal.parent)
        name = model_name(trial.id)
        verb = "repeat" if proposal.is_repeat else "finish"
        if trial.proposal.is_retraining:
            kind = trial.proposal.origin
            raise CommandRefused(f"{name} is a {kind}: {verb} {model_name(trial.model)} instead.")
        if trial.state is not TrialState.COMPLETE:
            raise CommandRefused(f"A model must be complete to be {_PARTICIPLES[verb]}, but {name} is {trial.state}.")


_PARTICIPLES = {"repeat": "repeated", "finish": "finished"}


def _require_repeats(repeats: Sequence[Proposal], store: Store) -> None:
    """Each has exactly the configuration of its model, except for the seed."""
    requests = Counter(repeat.parent for repeat in repeats if repeat.parent is not None)
    for seeds in requests.values():
        if seeds > MAX_REPEATS:
            raise CommandRefused(f"A model is repeated with at most {MAX_REPEATS} seeds at once, but got {seeds}.")
    for repeat in repeats:
        if repeat.parent is not None and not store.trial(repeat.parent).proposal.same_but_seed(repeat):
            raise CommandRefused(
                f"A repeat of {model_name(repeat.parent)} must have the same configuration except for the seed."
            )


def _require_finishes(finishes: Sequence[Proposal], store: Store) -> None:
    """Each has the architecture and the data set of its model, whose weights it starts from."""
    for finish in finishes:
        if finish.parent is None:
            continue
        model = store.trial(finish.parent)
        if (model.architecture, model.proposal.dataset) != (finish.architecture, finish.dataset):
            raise CommandRefused(f"A finish of {model_name(model.id)} must have its architecture and its data set.")


def _require_starts(children: Sequence[Proposal], store: Store) -> None:
    """Each starts from the weights of a complete model of the same images and classes."""
    for child in children:
        parent = store.trial(child.config.start or 0)
        name = model_name(parent.id)
        if parent.state is not TrialState.COMPLETE:
            raise CommandRefused(f"A model must be complete to pass on its weights, but {name} is {parent.state}.")
        if parent.proposal.dataset != child.dataset:
            raise CommandRefused(
                f"{name} was trained on {parent.proposal.dataset}, so a model of {child.dataset} cannot start from its "
                "weights."
            )
        own, theirs = child.architecture, parent.architecture
        if (own.input_shape, own.classes) != (theirs.input_shape, theirs.classes):
            raise CommandRefused(
                f"{name} is for images of {_dimensions(theirs.input_shape)} in {theirs.classes} classes, so a model "
                f"for {_dimensions(own.input_shape)} in {own.classes} cannot start from its weights."
            )


def _without_known(proposals: Sequence[Proposal], store: Store) -> tuple[list[Proposal], list[TrialId | None]]:
    """The new proposals, and for each other one the trial that is the same training (None: twice in this command)."""
    fingerprints = cache(store.fingerprints)
    new: dict[tuple[object, ...], Proposal] = {}
    known: list[TrialId | None] = []
    for proposal in proposals:
        fingerprint = proposal.architecture.fingerprint
        key = (fingerprint, proposal.dataset, proposal.config)
        same = None
        if fingerprint in fingerprints(proposal.dataset):
            same = store.find_same_training(proposal)
        if same is not None or key in new:
            known.append(same)
        else:
            new[key] = proposal
    return list(new.values()), known


def _enqueued_sentence(ids: Sequence[TrialId], known: Sequence[TrialId | None]) -> str:
    sentences = []
    if len(ids) == 1:
        sentences.append(f"{model_name(ids[0])} queued.")
    elif ids:
        sentences.append(f"{pluralize(len(ids), 'model')} queued: {ids[0]} to {ids[-1]}.")
    present = sorted({trial for trial in known if trial is not None})
    if len(present) == 1:
        sentences.append(f"{model_name(present[0])} is already trained or queued.")
    elif present:
        sentences.append(f"{pluralize(len(present), 'model')} already trained or queued: {_listed(present)}.")
    duplicates = sum(trial is None for trial in known)
    if duplicates:
        sentences.append(f"{pluralize(duplicates, 'duplicate')} skipped.")
    return " ".join(sentences)


def _listed(models: Sequence[TrialId]) -> str:
    return ", ".join(map(str, models))


def _dimensions(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
