"""A trial with the workspace that records it: what a model shows, and what a design has as its parent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from remap_core.errors import InvalidArgument, NotFound
from remap_core.formatting import model_name, pluralize
from remap_core.lab.workspace import Workspace
from remap_core.space.architecture import Architecture
from remap_core.space.edit_marks import Marks, marks
from remap_core.space.edits import sentences
from remap_core.trials.evaluation import EpochResult, Evaluation
from remap_core.trials.trial import Trial, TrialState


@dataclass(frozen=True, eq=False, repr=False)
class RecordedTrial:
    """A trial as it was when it was read. parent: the trial that it was made from, where there is one.

    Equal to another one of the same number in the same data folder, whenever each was read.
    """

    workspace: Workspace
    trial: Trial
    parent: Trial | None = None

    @property
    def id(self) -> int:
        """The number of the model, as the app shows it."""
        return self.trial.id

    @property
    def architecture(self) -> Architecture:
        """The architecture as a value."""
        return self.trial.architecture

    @property
    def edits(self) -> list[str]:
        """What was done to the parent, in words; none without a parent."""
        if self.parent is None:
            return []
        return sentences(self.parent.architecture, self.trial.proposal.edits)

    @property
    def marks(self) -> Marks:
        """Where the layers differ from the parent's, for a drawing."""
        if self.parent is None:
            return Marks()
        return marks(self.parent.architecture, self.trial.proposal.edits)

    @property
    def accuracy_text(self) -> str:
        """The accuracy, or the state where there is none yet."""
        return self.trial.accuracy_text(self.trial.state.value)

    def history(self) -> list[EpochResult]:
        """Losses, accuracies and seconds of each epoch."""
        return self.workspace.catalogue.epochs(self.id)

    def evaluation(self) -> Evaluation:
        """What the model predicts on the validation images. Raises NotFound for a model that is not complete."""
        evaluation = self.workspace.catalogue.evaluation(self.id)
        if evaluation is None:
            raise NotFound(f"{model_name(self.id)} has no predictions: it is {self.trial.state.value}.")
        return evaluation

    def class_accuracy(self) -> dict[str, float]:
        """Validation accuracy (0..1) of each class, by its name. Raises NotFound for a model that is not complete."""
        shares = self.evaluation().class_accuracy.tolist()
        return dict(zip(self.workspace.card.class_names, shares, strict=True))

    def children(self) -> list[Trial]:
        """The trials that were made from it, in whatever state, oldest first."""
        return self.workspace.catalogue.children(self.id)

    def require_complete(self, purpose: str) -> None:
        """Raise NotFound for a trial that is not complete. purpose: what a model must be complete to do."""
        state = self.trial.state
        if state is not TrialState.COMPLETE:
            name = model_name(self.id)
            raise NotFound(f"A model must be complete to {purpose}, but {name} is {state.value}.")

    def require_in(self, workspace: Workspace) -> None:
        """Raise InvalidArgument where it is recorded elsewhere."""
        own = self.workspace
        if (own.folder, own.dataset) != (workspace.folder, workspace.dataset):
            name = model_name(self.id)
            raise InvalidArgument(f"{name} is of another lab: {own.dataset} in {own.folder.home}.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecordedTrial):
            return NotImplemented
        return (self.workspace.folder, self.id) == (other.workspace.folder, other.id)

    def __hash__(self) -> int:
        return hash((self.workspace.folder, self.id))

    def __repr__(self) -> str:
        parameters = pluralize(self.architecture.parameters, "parameter")
        return f"{model_name(self.id)}: {self.accuracy_text}, {parameters}"


def with_parents(workspace: Workspace, trials: Sequence[Trial]) -> Iterator[RecordedTrial]:
    """The trials with their parents, which are looked up together."""
    numbers = {trial.proposal.parent for trial in trials if trial.proposal.parent is not None}
    parents = {parent.id: parent for parent in workspace.trials(sorted(numbers))}
    for trial in trials:
        yield RecordedTrial(workspace, trial, parents.get(trial.proposal.parent or 0))
