"""Training from a notebook: by the trainer of the data folder where one runs, else in this process."""

from __future__ import annotations

import socket
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from remap_core.access.person import local_person
from remap_core.analysis.previews import Preview, PreviewStatus
from remap_core.assembly import build_inline_executor, build_trainer, single_threaded
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import CommandRefused, InvalidArgument, RemapWarning, UnreadableCommand
from remap_core.formatting import model_name, pluralize
from remap_core.lab.arguments import shown
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.new_designs import design_of
from remap_core.lab.designs.suggested_designs import SuggestedDesign
from remap_core.lab.models.model import Model, Models
from remap_core.lab.models.retrainings import Finish, HeldOut, OnFewerImages, Repeats
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.lab.training_progress import ProgressBar
from remap_core.lab.workspace import Workspace
from remap_core.services.child_trainings import child_config, full_config, short_epochs
from remap_core.services.data.held_out import held_out_trainings
from remap_core.services.data.more_images import propose_more_images
from remap_core.services.proposals import propose_children, propose_designs, propose_finish, propose_repeats
from remap_core.services.sampling import set_caps
from remap_core.services.suggestions.suggesting import propose_suggestions
from remap_core.space.architecture import Architecture
from remap_core.space.caps import amount, bare_text, exceeded
from remap_core.space.edits import Candidate
from remap_core.trials.commands import Enqueue, Outcome
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialState

POLL_SECONDS = 0.2
"""Seconds between looks at what the trainer has published."""

MAX_NAMED = 5
"""Models that a warning names; the others are only counted."""

Asked = Design | SuggestedDesign | Model | Repeats | Finish | OnFewerImages | HeldOut


def train(workspace: Workspace, asked: object, epochs: int | None, *, inherit: bool, progress: bool) -> Models:
    """See `Lab.train`."""
    wanted = list(_flat(asked))
    if not wanted:
        raise InvalidArgument(f"There is nothing to train: {shown(asked)} is empty.")
    proposals = _proposals(workspace, wanted, epochs, inherit=inherit)
    new = not_complete(workspace, proposals)
    if new:
        epochs_in_all = sum(proposal.config.epochs for proposal in new)
        with ProgressBar(epochs_in_all, progress) as bar:
            TrainingRun(workspace, new, bar).carry_out()
    trials = trainings_of(workspace, proposals)
    _warn_of_missing(trials, workspace.is_paused())
    own = [trial for trial in trials if trial.proposal.dataset == workspace.dataset]  # others are of parts of it
    complete = [trial.model for trial in own if trial.state is TrialState.COMPLETE]
    numbers = list(dict.fromkeys(complete))
    return Models(workspace, workspace.trials(numbers))


class TrainingRun:
    """New trainings, from the command that asks for them until nothing is left to do for them."""

    def __init__(self, workspace: Workspace, proposals: tuple[Proposal, ...], bar: ProgressBar) -> None:
        self._workspace = workspace
        self._proposals = proposals
        self._bar = bar

    def carry_out(self) -> None:
        """Have them trained; raises CommandRefused, FolderInUse or FolderUnusable."""
        folder = self._workspace.folder
        if is_trainer_running(folder):
            sent = self._send()
            self._wait(sent)
        else:
            with folder.lock():
                sent = self._send()
                self._train_here()
        self._require_applied(sent)

    def _send(self) -> list[str]:
        inbox = Inbox(self._workspace.folder)
        pieces = Enqueue(self._proposals).pieces()
        return [inbox.send(command, time.time(), local_person()) for command in pieces]

    def _train_here(self) -> None:
        settings = self._workspace.settings
        with single_threaded(), build_trainer(settings, self._workspace.folder) as trainer:
            trainer.run_until_idle(build_inline_executor(settings), self._show)

    def _wait(self, sent: Sequence[str]) -> None:
        """Wait until all are finished. Where the trainer ends before, this process continues its work."""
        while not self._is_over(sent):
            if not is_trainer_running(self._workspace.folder):
                with self._workspace.folder.lock():
                    self._train_here()
                return
            self._show()
            time.sleep(POLL_SECONDS)
        self._show()

    def _show(self) -> None:
        trials = trainings_of(self._workspace, self._proposals)
        note = ""
        if self._workspace.is_paused():
            note = "the queue is paused"
        self._bar.show(trials, note)

    def _is_over(self, sent: Sequence[str]) -> bool:
        inbox = Inbox(self._workspace.folder)
        for command in sent:
            receipt = self._workspace.receipt(command)
            if receipt is None:
                return inbox.rejection(command) is not None
            if receipt.outcome is Outcome.REFUSED:
                return True
        trials = trainings_of(self._workspace, self._proposals)
        return all(trial.state.is_finished() for trial in trials)

    def _require_applied(self, sent: Sequence[str]) -> None:
        inbox = Inbox(self._workspace.folder)
        for command in sent:
            rejection = inbox.rejection(command)
            if rejection:
                raise UnreadableCommand(rejection)
            receipt = self._workspace.receipt(command)
            if receipt is not None and receipt.outcome is Outcome.REFUSED:
                raise CommandRefused(receipt.message)


def trainings_of(workspace: Workspace, proposals: Sequence[Proposal]) -> list[Trial]:
    """The newest training of each proposal, as far as there is one; a complete one where there is one."""
    known = workspace.trainings([proposal.architecture.fingerprint for proposal in proposals])
    chosen = []
    for proposal in proposals:
        same = [trial for trial in known if trial.proposal.same_training(proposal)]
        complete = [trial for trial in same if trial.state is TrialState.COMPLETE]
        chosen += (complete or same)[-1:]
    return chosen


def not_complete(workspace: Workspace, proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals that have not been trained to the end."""
    complete = []
    for trial in trainings_of(workspace, proposals):
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
    if isinstance(asked, Asked):
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
    workspace: Workspace,
    wanted: Sequence[Asked],
    epochs: int | None,
    *,
    inherit: bool,
) -> list[Proposal]:
    """What is to be trained, each once, in order; refuses what cannot be before anything is sent."""
    now = time.time()
    proposals: list[Proposal] = []
    for asked in wanted:
        made_of = _inherited_proposals(workspace, asked, epochs, now) if inherit else None
        for made in made_of or _proposals_of(workspace, asked, now):
            proposal = _with_epochs(made, epochs)
            _require_trainable(workspace, proposal.architecture)
            if not any(proposal.same_training(other) for other in proposals):
                proposals.append(proposal)
    return proposals


def _with_epochs(proposal: Proposal, epochs: int | None) -> Proposal:
    if epochs is None:
        return proposal
    config = replace(proposal.config, epochs=epochs)
    return replace(proposal, config=config)


def _proposals_of(workspace: Workspace, asked: Asked, now: float) -> Sequence[Proposal]:
    match asked:
        case Repeats() | Finish() | OnFewerImages():
            asked.recorded.require_in(workspace)
            return _further_trainings(workspace, asked, now)
        case HeldOut():
            _require_same(asked.workspace, workspace)
            return held_out_trainings(workspace.catalogue, workspace.dataset, now).missing
        case Model():
            asked.recorded.require_in(workspace)
            return [asked.trial.proposal]
        case SuggestedDesign():
            _require_same(asked.workspace, workspace)
            return propose_suggestions([asked.suggestion], now)
        case Design(parent=RecordedTrial() as parent):
            parent.require_in(workspace)
            return _child_proposals(asked, parent.trial, child_config(workspace.catalogue, parent.trial), now)
        case Design():
            card, architectures = workspace.card, [asked.architecture]
            return propose_designs(
                workspace.settings,
                card,
                architectures,
                asked.origin,
                now,
                space=asked.space,
                source=asked.source,
            )


def _further_trainings(workspace: Workspace, asked: Repeats | Finish | OnFewerImages, now: float) -> Sequence[Proposal]:
    catalogue, model = workspace.catalogue, asked.recorded.trial
    match asked:
        case Repeats():
            return propose_repeats(catalogue, model, asked.seeds, now)
        case Finish():
            return [propose_finish(catalogue, model, asked.epochs, asked.augmentation, now)]
        case OnFewerImages():
            return propose_more_images(catalogue, model.id, now)


def _require_same(own: Workspace, workspace: Workspace) -> None:
    """Raise InvalidArgument for what was asked of another lab."""
    if (own.folder, own.dataset) != (workspace.folder, workspace.dataset):
        raise InvalidArgument(f"This is of another lab: {own.dataset} in {own.folder.home}.")


def _child_proposals(design: Design, parent: Trial, config: TrainingConfig, now: float) -> Sequence[Proposal]:
    architecture = design.architecture
    if architecture == parent.architecture:
        return [parent.proposal]
    candidate = Candidate(design.edit_steps, architecture)
    preview = Preview(parent, candidate, PreviewStatus.NEW, config=config)
    return propose_children(design.origin, [preview], now)


def _inherited_proposals(workspace: Workspace, asked: Asked, epochs: int | None, now: float) -> Sequence[Proposal]:
    """The training of a child from its parent's weights; raises InvalidArgument for anything but a child."""
    if not isinstance(asked, Design) or asked.parent is None:
        raise InvalidArgument(f"Only a child can start from its parent's weights, but got {shown(asked)}.")
    asked.parent.require_in(workspace)
    parent = asked.parent.trial
    if not workspace.folder.weights(parent.model).exists():
        raise InvalidArgument(
            f"The weights of {model_name(parent.model)} are gone, so its children cannot start from them."
        )
    epochs = epochs or short_epochs(full_config(workspace.catalogue, parent))
    return _child_proposals(asked, parent, child_config(workspace.catalogue, parent, epochs), now)


def _require_trainable(workspace: Workspace, architecture: Architecture) -> None:
    over = exceeded(set_caps(workspace.settings), architecture)
    if over:
        setting = over.source.lower().removeprefix("remap_")
        cost = bare_text(over.cost, amount(over.cost, architecture))
        raise InvalidArgument(f"A model must have at most {over.text} ({setting}), but this one has {cost}.")
    card = workspace.card
    if (architecture.input_shape, architecture.classes) != (card.input_shape, card.classes):
        asked = _shape(architecture.input_shape)
        given = _shape(card.input_shape)
        raise InvalidArgument(
            f"The design is for images of {asked} in {architecture.classes} classes, "
            f"but {workspace.dataset} has {given} in {card.classes}."
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
