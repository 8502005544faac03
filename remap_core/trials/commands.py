"""What the app and the command line ask of the trainer, as values with a versioned JSON form, and its receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from remap_core.errors import RemapError, UnreadableCommand
from remap_core.space.architecture import Architecture
from remap_core.space.edits import edit_from_json
from remap_core.trials.annotations import Annotation
from remap_core.trials.model_maps import Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Place, Proposal, TrialId

VERSION = 1


@dataclass(frozen=True)
class Enqueue:
    """Train these, at the end of the queue; what is already there is not trained twice."""

    proposals: tuple[Proposal, ...]
    kind: ClassVar[str] = "enqueue"

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        return {"proposals": [_proposal_to_json(proposal) for proposal in self.proposals]}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Enqueue:
        """The command of its own part of the JSON form."""
        return cls(tuple(_proposal_from_json(form) for form in body["proposals"]))


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
    """Take a waiting trial out of the queue, or stop a running one."""

    kind: ClassVar[str] = "cancel"


@dataclass(frozen=True)
class Retry(_OnTrial):
    """Put a failed or cancelled trial back at the end of the queue."""

    kind: ClassVar[str] = "retry"


@dataclass(frozen=True)
class CancelBatch:
    """Cancel all trials of a batch that wait or run."""

    batch: str
    kind: ClassVar[str] = "cancel_batch"

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        return {"batch": self.batch}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> CancelBatch:
        """The command of its own part of the JSON form."""
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
        """The command of its own part of the JSON form."""
        return cls(int(body["trial"]), Place(body["place"]))


@dataclass(frozen=True)
class ScoreSealed(_OnTrial):
    """Score a complete model on the sealed test images, once."""

    kind: ClassVar[str] = "score_sealed"


@dataclass(frozen=True)
class Annotate:
    """Write this note and these tags on a trial, in the place of what was there."""

    trial: TrialId
    annotation: Annotation
    kind: ClassVar[str] = "annotate"

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        return {"trial": self.trial, "note": self.annotation.note, "tags": list(self.annotation.tags)}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Annotate:
        """The command of its own part of the JSON form."""
        return cls(int(body["trial"]), Annotation(str(body["note"]), tuple(map(str, body["tags"]))))


@dataclass(frozen=True)
class RecomputeLayout:
    """Choose all places of a map anew."""

    dataset: str
    relation: Relation
    kind: ClassVar[str] = "relay_map"

    def body(self) -> dict[str, Any]:
        """The command's own part of the JSON form."""
        return {"dataset": self.dataset, "relation": self.relation.value}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> RecomputeLayout:
        """The command of its own part of the JSON form."""
        return cls(str(body["dataset"]), Relation(body["relation"]))


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
    """Begin no further training; running ones go on."""

    kind: ClassVar[str] = "pause"


@dataclass(frozen=True)
class Resume(_Bare):
    """Begin trainings again."""

    kind: ClassVar[str] = "resume"


Command = Enqueue | Cancel | CancelBatch | Retry | Move | Pause | Resume | ScoreSealed | Annotate | RecomputeLayout
COMMANDS: dict[str, Any] = {
    cls.kind: cls
    for cls in (Enqueue, Cancel, Retry, Move, Pause, Resume, CancelBatch, ScoreSealed, Annotate, RecomputeLayout)
}


class Outcome(StrEnum):
    """What became of a command that was sent."""

    APPLIED = "applied"
    REFUSED = "refused"


@dataclass(frozen=True)
class Receipt:
    """The trainer's answer to one command: what was done, or why not. `applied_at` in seconds since 1970 (UTC)."""

    command: str
    kind: str
    outcome: Outcome
    message: str
    applied_at: float


def command_to_json(command: Command) -> dict[str, Any]:
    """The versioned JSON form."""
    return {"version": VERSION, "kind": command.kind, **command.body()}


def command_from_json(form: object) -> Command:
    """The command of its JSON form; raises UnreadableCommand with the reason.

    >>> command_from_json({"version": 1, "kind": "cancel", "trial": 7})
    Cancel(trial=7)
    """
    if not isinstance(form, Mapping):
        raise UnreadableCommand(f"A command must be an object, but got {type(form).__name__}.")
    if form.get("version") != VERSION:
        raise UnreadableCommand(f"Commands of version {VERSION} are understood, but got {form.get('version')!r}.")
    kind = form.get("kind")
    if not isinstance(kind, str) or kind not in COMMANDS:
        raise UnreadableCommand(f"kind must be one of {', '.join(COMMANDS)}, but got {kind!r}.")
    try:
        command: Command = COMMANDS[kind].from_body(form)
    except (KeyError, TypeError, ValueError, OverflowError, RemapError) as error:
        raise UnreadableCommand(f"The {kind} command cannot be read: {type(error).__name__}: {error}") from error
    unknown = sorted(set(map(str, form)) - set(command_to_json(command)))
    if unknown:  # of a newer version: half of what it asks for must not be done as if it were all
        raise UnreadableCommand(f"The {kind} command has parts that are not known here: {', '.join(unknown):.80}.")
    return command


def _proposal_to_json(proposal: Proposal) -> dict[str, Any]:
    return {
        "architecture": proposal.architecture.to_json(),
        "dataset": proposal.dataset,
        "config": proposal.config.to_json(),
        "origin": proposal.origin.value,
        "parent": proposal.parent,
        "edits": [edit.to_json() for edit in proposal.edits],
        "batch": proposal.batch,
    }


def _proposal_from_json(form: Mapping[str, Any]) -> Proposal:
    return Proposal(
        Architecture.from_json(form["architecture"]),
        str(form["dataset"]),
        TrainingConfig.from_json(form["config"]),
        Origin(form["origin"]),
        None if form["parent"] is None else int(form["parent"]),
        tuple(map(edit_from_json, form["edits"])),
        str(form["batch"]),
    )
