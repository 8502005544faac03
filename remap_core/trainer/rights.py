"""What the sender of a command may do, and how much: the one gate that every command passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from remap_core.access.person import Person
from remap_core.access.roles import Role, Roles
from remap_core.access.sign_in import is_closed
from remap_core.datasets.naming import owner_of, split_part
from remap_core.errors import CommandRefused, NotFound
from remap_core.formatting import count, model_name, pluralize
from remap_core.settings import Settings
from remap_core.trainer.ports import Store
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
from remap_core.trials.trial import TrialId


@dataclass(frozen=True)
class Limits:
    """How much may wait, of one person and in all, and how long one training may be."""

    waiting: int = 100_000
    waiting_each: int = 1_000
    epochs: int = 10_000


@dataclass(frozen=True)
class Rights:
    """What one sender may do.

    owner: whose their trainings are; empty where nobody signs in. role: None for a stranger. limits: None for none.
    """

    owner: str
    role: Role | None
    limits: Limits | None = None

    @property
    def moves_past(self) -> str | None:
        """Whose trainings this sender's may be moved past; None for everybody's."""
        return None if self.role is Role.ADMIN else self.owner

    def require(self, command: Command, store: Store) -> None:
        """Raise CommandRefused where the sender may not send the command, NotFound where it is about nothing.

        What is another visitor's own does not exist for the sender.
        """
        if self.role is not Role.ADMIN:
            self._require_seen(command, store)
        match command:
            case Annotate(is_own=True):
                if not self.owner:
                    raise CommandRefused("Notes of one's own need a name: sign in, or write a shared note.")
                self._require_role(Role.VIEWER, "keep notes")
            case Annotate() | ScoreSealed() | RecomputeLayout():
                self._require_role(Role.BUILDER, _ACTIONS[type(command)])
            case Cancel() | Retry() | Move():
                self._require_role(Role.BUILDER, _ACTIONS[type(command)])
                self._require_own(store.trial(command.trial).owner, model_name(command.trial))
            case CancelBatch():
                self._require_role(Role.BUILDER, "cancel trainings")
                for owner in sorted(store.batch_owners(command.batch)):
                    self._require_own(owner, "A training of the batch")
            case Enqueue():
                self._require_role(Role.BUILDER, "train")
                self._require_short(command)
                whole = {split_part(proposal.dataset)[0] for proposal in command.proposals}
                if {name for name in whole if not self._owns(name)} - set(store.dataset_names()):
                    self._require_role(Role.ADMIN, "train on a new data set")
            case AddedDataset(dataset) | RemoveDataset(dataset) if self._owns(dataset):
                self._require_role(Role.BUILDER, _ACTIONS[type(command)])
            case Pause() | Resume() | AddedDataset() | RemoveDataset():
                self._require_role(Role.ADMIN, _ACTIONS[type(command)])

    def require_room(self, trainings: int, store: Store) -> None:
        """Raise CommandRefused where so many more trainings may not wait."""
        if self.limits is None:
            return
        waiting = store.waiting()
        if waiting + trainings > self.limits.waiting:
            raise CommandRefused(
                f"At most {_trainings(self.limits.waiting)} may wait, but {count(waiting)} do, and this would add "
                f"{count(trainings)}."
            )
        own = store.waiting(self.owner) if self.owner else 0
        if self.owner and own + trainings > self.limits.waiting_each:
            raise CommandRefused(
                f"At most {_trainings(self.limits.waiting_each)} of one person may wait, but {count(own)} of "
                f"{self.owner} do, and this would add {count(trainings)}."
            )

    def _require_seen(self, command: Command, store: Store) -> None:
        for trial in _trials_of(command):
            dataset = store.trial(trial).proposal.dataset
            if owner_of(dataset) and not self._owns(dataset):
                raise NotFound(f"{model_name(trial)} does not exist.")
        for dataset in _datasets_of(command):
            if owner_of(dataset) and not self._owns(dataset):
                raise NotFound("There is no such data set.")

    def _owns(self, dataset: str) -> bool:
        return bool(self.owner) and owner_of(dataset) == self.owner

    def _require_role(self, role: Role, action: str) -> None:
        if self.role is None:
            raise CommandRefused(f"{self.owner or 'Who sent this'} has no role here, so may not {action}.")
        if self.role < role:
            raise CommandRefused(f"To {action} one must be {role.title}, but {self.owner} is {self.role.title}.")

    def _require_own(self, owner: str, subject: str) -> None:
        if self.role is Role.ADMIN or owner == self.owner:
            return
        belongs = f"to {owner}" if owner else "to everybody"
        raise CommandRefused(f"{subject} belongs {belongs}: only they or an admin may do that.")

    def _require_short(self, command: Enqueue) -> None:
        longest = max((proposal.config.epochs for proposal in command.proposals), default=0)
        if self.limits and longest > self.limits.epochs:
            raise CommandRefused(
                f"A training must have at most {pluralize(self.limits.epochs, 'epoch')}, but got {count(longest)}."
            )


def _trials_of(command: Command) -> Iterator[TrialId]:
    """The models that a command is about, as far as they are named one by one."""
    match command:
        case Cancel() | Retry() | Move() | ScoreSealed() | Annotate():
            yield command.trial
        case Enqueue():
            yield from {proposal.parent for proposal in command.proposals if proposal.parent is not None}


def _datasets_of(command: Command) -> Iterator[str]:
    match command:
        case AddedDataset() | RemoveDataset() | RecomputeLayout():
            yield command.dataset
        case Enqueue():
            yield from {proposal.dataset for proposal in command.proposals}


_ACTIONS: dict[type, str] = {
    Annotate: "write a shared note",
    ScoreSealed: "score a model on the sealed test images",
    RecomputeLayout: "recompute a map",
    Cancel: "cancel trainings",
    Retry: "retry trainings",
    Move: "move trainings",
    Pause: "pause the queue",
    Resume: "resume the queue",
    AddedDataset: "add a data set",
    RemoveDataset: "remove a data set",
}

UNLIMITED = Rights("", Role.ADMIN)
"""Those of the trainer itself."""


@dataclass(frozen=True)
class Gate:
    """Whose commands the trainer takes. roles: None where nobody signs in and everybody may do everything."""

    roles: Roles | None = None
    limits: Limits = Limits()

    @classmethod
    def of(cls, settings: Settings) -> Gate:
        """The gate of the settings; raises SettingsError."""
        limits = Limits(settings.max_waiting, settings.max_waiting_each, settings.max_epochs)
        return cls(Roles.of(settings) if is_closed(settings) else None, limits)

    @property
    def is_closed(self) -> bool:
        """Whether commands must be signed."""
        return self.roles is not None

    def rights(self, sender: Person | None) -> Rights:
        """The rights of who signed a command; raises CommandRefused where it must be signed but is not."""
        if self.roles is None:
            return Rights("", Role.ADMIN, self.limits)
        if sender is None:
            raise CommandRefused(
                "It is not signed: where people sign in, commands come from the app, the command line or a notebook."
            )
        return Rights(sender.name, self.roles.role_of(sender), None if sender.is_local else self.limits)


def _trainings(number: int) -> str:
    return pluralize(number, "training")
