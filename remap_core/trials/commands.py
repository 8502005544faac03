"""Commands from the app and the command line to the trainer, with a versioned JSON form, and the trainer's receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, get_args

from remap_core.errors import RemapError, UnreadableCommand
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Caps, Cost
from remap_core.space.edits import edit_from_json
from remap_core.trials.annotations import Annotation
from remap_core.trials.model_maps import Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Place, Proposal, TrialId

VERSION = 1
MAX_PROPOSALS = 1_000
"""Proposals that one command is sent with."""


@dataclass(frozen=True)
class Enqueue:
    """Add proposals to the end of the queue; trainings that exist already are skipped.

    caps: what each of them was made to keep to, besides the trainer's own caps.
    """

    proposals: tuple[Proposal, ...]
    caps: Caps = ()
    kind: ClassVar[str] = "enqueue"

    def pieces(self) -> list[Enqueue]:
        """The same in commands of MAX_PROPOSALS at most: none takes the trainer long, or is too large for the inbox."""
        starts = range(0, max(len(self.proposals), 1), MAX_PROPOSALS)
        return [Enqueue(self.proposals[start : start + MAX_PROPOSALS], self.caps) for start in starts]

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        form: dict[str, Any] = {"proposals": [_proposal_to_json(proposal) for proposal in self.proposals]}
        if self.caps:
            form["caps"] = [{"cost": cap.cost.value, "limit": cap.limit, "source": cap.source} for cap in self.caps]
        return form

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Enqueue:
        """Return the command from its own part of the JSON form."""
        proposals = [_proposal_from_json(form) for form in body["proposals"]]
        caps = [Cap(Cost(form["cost"]), float(form["limit"]), str(form["source"])) for form in body.get("caps", ())]
        return cls(tuple(proposals), tuple(caps))


@dataclass(frozen=True)
class _OnTrial:
    trial: TrialId
    kind: ClassVar[str]

    def body(self) -> dict[str, Any]:
        return {"trial": self.trial}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> _OnTrial:
        return cls(int(body["trial"]))


@dataclass(frozen=True)
class Cancel(_OnTrial):
    """Remove a waiting trial from the queue, or stop a running one."""

    kind: ClassVar[str] = "cancel"


@dataclass(frozen=True)
class Retry(_OnTrial):
    """Add a failed, cancelled or pruned trial to the end of the queue again."""

    kind: ClassVar[str] = "retry"


@dataclass(frozen=True)
class CancelBatch:
    """Cancel all waiting and running trials of a batch."""

    batch: str
    kind: ClassVar[str] = "cancel_batch"

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        return {"batch": self.batch}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> CancelBatch:
        """Return the command from its own part of the JSON form."""
        return cls(str(body["batch"]))


@dataclass(frozen=True)
class Move:
    """Change a waiting trial's place in the queue."""

    trial: TrialId
    place: Place
    kind: ClassVar[str] = "move"

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        return {"trial": self.trial, "place": self.place.value}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Move:
        """Return the command from its own part of the JSON form."""
        return cls(int(body["trial"]), Place(body["place"]))


@dataclass(frozen=True)
class ScoreSealed(_OnTrial):
    """Score a complete model on the sealed test images, once."""

    kind: ClassVar[str] = "score_sealed"


@dataclass(frozen=True)
class Annotate:
    """Replace a trial's note, its tags, or both; what is None stays as it is.

    is_own: those that only the sender sees, instead of those that are shared.
    """

    trial: TrialId
    note: str | None = None
    tags: tuple[str, ...] | None = None
    is_own: bool = False
    kind: ClassVar[str] = "annotate"

    def changed(self, known: Annotation) -> Annotation:
        """The trial's annotation after the command; raises InvalidAnnotation."""
        note = known.note if self.note is None else self.note
        tags = known.tags if self.tags is None else self.tags
        return Annotation(note, tags)

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        parts: dict[str, Any] = {"trial": self.trial}
        if self.note is not None:
            parts["note"] = self.note
        if self.tags is not None:
            parts["tags"] = list(self.tags)
        if self.is_own:
            parts["own"] = True
        return parts

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Annotate:
        """Return the command from its own part of the JSON form."""
        note, tags = None, None
        if "note" in body:
            note = str(body["note"])
        if "tags" in body:
            tags = tuple(map(str, body["tags"]))
        if note is None and tags is None:
            raise KeyError("note or tags")
        command = cls(int(body["trial"]), note, tags, body.get("own", False) is True)
        command.changed(Annotation())  # what cannot be stored is refused unread
        return command


@dataclass(frozen=True)
class RecomputeLayout:
    """Compute the positions of all models on a map together, instead of keeping those they have."""

    dataset: str
    relation: Relation
    kind: ClassVar[str] = "relay_map"  # the name in version 0.1.0, whose inboxes must still be readable

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        return {"dataset": self.dataset, "relation": self.relation.value}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> RecomputeLayout:
        """Return the command from its own part of the JSON form."""
        return cls(str(body["dataset"]), Relation(body["relation"]))


@dataclass(frozen=True)
class _OnDataset:
    dataset: str
    kind: ClassVar[str]

    def body(self) -> dict[str, Any]:
        return {"dataset": self.dataset}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> _OnDataset:
        return cls(str(body["dataset"]))


@dataclass(frozen=True)
class AddedDataset(_OnDataset):
    """Record that a data set was added; nothing else is done."""

    kind: ClassVar[str] = "added_dataset"


@dataclass(frozen=True)
class RemoveDataset(_OnDataset):
    """Forget a data set: its trials in any state with all their results, its maps, and the files of its models."""

    kind: ClassVar[str] = "remove_dataset"


@dataclass(frozen=True)
class _Bare:
    kind: ClassVar[str]

    def body(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> _Bare:  # noqa: ARG003 (the other commands need it)
        return cls()


@dataclass(frozen=True)
class Pause(_Bare):
    """Start no further trainings; running ones continue."""

    kind: ClassVar[str] = "pause"


@dataclass(frozen=True)
class Resume(_Bare):
    """Start trainings again."""

    kind: ClassVar[str] = "resume"


Command = (
    Enqueue
    | Cancel
    | CancelBatch
    | Retry
    | Move
    | Pause
    | Resume
    | ScoreSealed
    | Annotate
    | RecomputeLayout
    | AddedDataset
    | RemoveDataset
)
COMMANDS: dict[str, Any] = {command.kind: command for command in get_args(Command)}


class Outcome(StrEnum):
    """The outcome of a command."""

    APPLIED = "applied"
    REFUSED = "refused"


@dataclass(frozen=True)
class Receipt:
    """The trainer's answer to a command. message: what was done, or why not. applied_at: seconds since 1970 (UTC).

    sender: name of the person who sent it; empty where nobody signed in.
    """

    command: str
    kind: str
    outcome: Outcome
    message: str
    applied_at: float
    sender: str = ""


def command_to_json(command: Command) -> dict[str, Any]:
    """Return the versioned JSON form."""
    return {"version": VERSION, "kind": command.kind, **command.body()}


def command_from_json(form: object) -> Command:
    """Return the command from its JSON form; raises UnreadableCommand with the reason.

    >>> command_from_json({"version": 1, "kind": "cancel", "trial": 7})
    Cancel(trial=7)
    """
    if not isinstance(form, Mapping):
        raise UnreadableCommand(f"A command must be an object, but got {type(form).__name__}.")
    if form.get("version") != VERSION:
        raise UnreadableCommand(f"A command must have version {VERSION}, but got {form.get('version')!r}.")
    kind = form.get("kind")
    if not isinstance(kind, str) or kind not in COMMANDS:
        raise UnreadableCommand(f"kind must be one of {', '.join(COMMANDS)}, but got {kind!r}.")
    try:
        command: Command = COMMANDS[kind].from_body(form)
    except (KeyError, TypeError, ValueError, OverflowError, RemapError) as error:
        raise UnreadableCommand(f"The {kind} command cannot be read: {type(error).__name__}: {error}") from error
    _require_known_keys(form, command)
    return command


def _require_known_keys(form: Mapping[str, Any], command: Command) -> None:
    """Refuse keys of a newer version: carrying out half of what a command asks for could do harm."""
    unknown = set(map(str, form)) - set(command_to_json(command))
    if unknown:
        keys = ", ".join(sorted(unknown))
        raise UnreadableCommand(f"The {command.kind} command has unknown keys: {keys:.80}.")


def _proposal_to_json(proposal: Proposal) -> dict[str, Any]:
    form = {
        "architecture": proposal.architecture.to_json(),
        "dataset": proposal.dataset,
        "config": proposal.config.to_json(),
        "origin": proposal.origin.value,
        "parent": proposal.parent,
        "edits": [edit.to_json() for edit in proposal.edits],
        "batch": proposal.batch,
    }
    if proposal.space:
        form["space"] = proposal.space
    if proposal.suggested:
        form["suggested"] = True
    return form


def _proposal_from_json(form: Mapping[str, Any]) -> Proposal:
    parent = form["parent"]
    if parent is not None:
        parent = int(parent)
    return Proposal(
        architecture=Architecture.from_json(form["architecture"]),
        dataset=str(form["dataset"]),
        config=TrainingConfig.from_json(form["config"]),
        origin=Origin(form["origin"]),
        parent=parent,
        edits=tuple(map(edit_from_json, form["edits"])),
        batch=str(form["batch"]),
        space=str(form.get("space", "")),
        suggested=form.get("suggested", False) is True,
    )
