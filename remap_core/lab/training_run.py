"""Training from a notebook: by the trainer of the data folder where one runs, else in this process."""

from __future__ import annotations

import socket
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from remap_core.analysis.previews import Preview, PreviewStatus
from remap_core.assembly import build_inline_executor, build_trainer, single_threaded
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import CommandRefused, InvalidArgument, RemapWarning, UnreadableCommand
from remap_core.formatting import count, model_name, pluralize
from remap_core.lab.arguments import shown
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.new_designs import design_of
from remap_core.lab.models.model import Model
from remap_core.lab.models.model_table import Models
from remap_core.lab.models.repeats import Repeats, require_of
from remap_core.lab.training_progress import ProgressBar
from remap_core.services.proposals import propose_children, propose_designs, propose_repeats
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Candidate
from remap_core.trials.commands import Enqueue, Outcome
from remap_core.trials.trial import Proposal, Trial, TrialState

if TYPE_CHECKING:
    from remap_core.lab.lab import Lab

POLL_SECONDS = 0.2
"""Seconds between looks at what the trainer has published."""

MAX_NAMED = 5
"""Models that a warning names; the others are only counted."""

Asked = Design | Model | Repeats


def train(lab: Lab, asked: object, epochs: int | None, progress: bool) -> Models:
    """See `Lab.train`."""
    wanted = list(_flat(asked))
    if not wanted:
        raise InvalidArgument(f"There is nothing to train: {shown(asked)} is empty.")
    proposals = _proposals(lab, wanted, epochs)
    new = not_complete(lab, proposals)
    if new:
        epochs_in_all = sum(proposal.config.epochs for proposal in new)
        with ProgressBar(epochs_in_all, progress) as bar:
            TrainingRun(lab, new, bar).carry_out()
    trials = trainings_of(lab, proposals)
    _warn_of_missing(trials, lab.records.is_paused())
    complete = [trial.model for trial in trials if trial.state is TrialState.COMPLETE]
    numbers = list(dict.fromkeys(complete))
    return Models(lab, lab.records.trials(numbers))


class TrainingRun:
    """New trainings, from the command that asks for them until nothing is left to do for them."""

    def __init__(self, lab: Lab, proposals: tuple[Proposal, ...], bar: ProgressBar) -> None:
        self._lab = lab
        self._proposals = proposals
        self._bar = bar

    def carry_out(self) -> None:
        """Have them trained; raises CommandRefused, FolderInUse or FolderUnusable."""
        folder = self._lab.folder
        if is_trainer_running(folder):
            sent = self._send()
            self._wait(sent)
        else:
            with folder.lock():
                sent = self._send()
                self._train_here()
        self._require_applied(sent)

    def _send(self) -> str:
        command = Enqueue(self._proposals)
        inbox = Inbox(self._lab.folder)
        return inbox.send(command, time.time())

    def _train_here(self) -> None:
        settings = self._lab.settings
        with single_threaded(), build_trainer(settings, self._lab.folder) as trainer:
            trainer.run_until_idle(build_inline_executor(settings), self._show)

    def _wait(self, sent: str) -> None:
        """Wait until all are finished. Where the trainer ends before, this process continues its work."""
        while not self._is_over(sent):
            if not is_trainer_running(self._lab.folder):
                with self._lab.folder.lock():
                    self._train_here()
                return
            self._show()
            time.sleep(POLL_SECONDS)
        self._show()

    def _show(self) -> None:
        trials = trainings_of(self._lab, self._proposals)
        note = ""
        if self._lab.records.is_paused():
            note = "the queue is paused"
        self._bar.show(trials, note)

    def _is_over(self, sent: str) -> bool:
        receipt = self._lab.records.receipt(sent)
        if receipt is None:
            return Inbox(self._lab.folder).rejection(sent) is not None
        if receipt.outcome is Outcome.REFUSED:
            return True
        trials = trainings_of(self._lab, self._proposals)
        return all(trial.state.is_finished() for trial in trials)

    def _require_applied(self, sent: str) -> None:
        rejection = Inbox(self._lab.folder).rejection(sent)
        if rejection:
            raise UnreadableCommand(rejection)
        receipt = self._lab.records.receipt(sent)
        if receipt is not None and receipt.outcome is Outcome.REFUSED:
            raise CommandRefused(receipt.message)


def trainings_of(lab: Lab, proposals: Sequence[Proposal]) -> list[Trial]:
    """The newest training of each proposal, as far as there is one; a complete one where there is one."""
    known = lab.records.trainings([proposal.architecture.fingerprint for proposal in proposals])
    chosen = []
    for proposal in proposals:
        same = [trial for trial in known if trial.proposal.same_training(proposal)]
        complete = [trial for trial in same if trial.state is TrialState.COMPLETE]
        chosen += (complete or same)[-1:]
    return chosen


def not_complete(lab: Lab, proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals that have not been trained to the end."""
    complete = []
    for trial in trainings_of(lab, proposals):
        if trial.state is TrialState.COMPLETE:
            complete.append(trial.proposal)
    new = []
    for proposal in proposals:
        if not any(proposal.same_training(other) for other in complete):
            new.append(proposal)
    return tuple(new)


def is_trainer_running(folder: DataFolder) -> bool:
    """Whether a trainer works in the data folder: its heartbeat is fresh, and on this machine it holds the lock."""
    trainer = read_trainer(folder, time.time())
    if trainer is None:
        return False
    return trainer.host != socket.gethostname() or folder.lock_holder() is not None


def _flat(asked: object) -> Iterator[Asked]:
    """Everything in lists of lists, in order, architectures as designs."""
    if isinstance(asked, Design | Model | Repeats):
        yield asked
    elif isinstance(asked, Architecture):
        yield design_of(asked)
    elif isinstance(asked, str) or not isinstance(asked, Iterable):
        raise InvalidArgument(
            f"Designs, models and lists of these are trained, but got {shown(asked)}: "
            "remap.architecture makes a design of words, remap.from_torch of a PyTorch module."
        )
    else:
        for part in asked:
            yield from _flat(part)


def _proposals(
    lab: Lab,
    wanted: Sequence[Asked],
    epochs: int | None,
) -> list[Proposal]:
    """What is to be trained, each once, in order; refuses what cannot be before anything is sent."""
    now = time.time()
    proposals: list[Proposal] = []
    for asked in wanted:
        for made in _proposals_of(lab, asked, now):
            proposal = _with_epochs(made, epochs)
            _require_trainable(lab, proposal.architecture)
            if not any(proposal.same_training(other) for other in proposals):
                proposals.append(proposal)
    return proposals


def _with_epochs(proposal: Proposal, epochs: int | None) -> Proposal:
    if epochs is None:
        return proposal
    config = replace(proposal.config, epochs=epochs)
    return replace(proposal, config=config)


def _proposals_of(lab: Lab, asked: Asked, now: float) -> Sequence[Proposal]:
    match asked:
        case Repeats():
            require_of(lab, asked.model)
            return propose_repeats(lab.catalogue, asked.model.trial, asked.seeds, now)
        case Model():
            require_of(lab, asked)
            return [asked.trial.proposal]
        case Design(parent=Model() as parent):
            require_of(lab, parent)
            return _child_proposals(asked, parent.trial, now)
        case Design():
            return propose_designs(lab.settings, lab.card, [asked.architecture], asked.origin, now)


def _child_proposals(design: Design, parent: Trial, now: float) -> Sequence[Proposal]:
    architecture = design.architecture
    if architecture == parent.architecture:
        return [parent.proposal]
    candidate = Candidate(design.edit_steps, architecture)
    preview = Preview(parent, candidate, PreviewStatus.NEW)
    return propose_children(design.origin, [preview], now)


def _require_trainable(lab: Lab, architecture: Architecture) -> None:
    cap = lab.settings.max_parameters
    if architecture.parameters > cap:
        raise InvalidArgument(
            f"A model must have at most {count(cap)} parameters (max_parameters), "
            f"but this one has {count(architecture.parameters)}."
        )
    card = lab.card
    if (architecture.input_shape, architecture.classes) != (card.input_shape, card.classes):
        asked = _shape(architecture.input_shape)
        given = _shape(card.input_shape)
        raise InvalidArgument(
            f"The design is for images of {asked} in {architecture.classes} classes, "
            f"but {lab.dataset} has {given} in {card.classes}."
        )


def _warn_of_missing(trials: Sequence[Trial], is_paused: bool) -> None:
    missing = [trial for trial in trials if trial.state is not TrialState.COMPLETE]
    if not missing:
        return
    named = []
    for trial in missing[:MAX_NAMED]:
        reason = trial.error or trial.state.value
        named.append(f"{model_name(trial.id)}: {reason}")
    if len(missing) > MAX_NAMED:
        named.append(f"and {len(missing) - MAX_NAMED} more")
    if is_paused:
        named.append("The queue is paused: resume it in the app.")
    share = f"{pluralize(len(missing), 'model')} of {len(trials)}"
    message = f"{share} not trained to the end. {' '.join(named)}"
    warnings.warn(message, RemapWarning, stacklevel=4)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
