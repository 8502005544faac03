"""What would be trained before anything is: for each child its verdict, so that nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from remap_core.analysis.durations import TimeEstimate
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Candidate, sentences
from remap_core.trials.trial import Proposal, Trial, TrialId, TrialState

PRESENT = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
"""States of a training that need not be done again."""


@dataclass(frozen=True)
class ParameterCap:
    """Parameters that a child may have at most; source: who says so, for sentences."""

    most: int
    source: str


class PreviewStatus(StrEnum):
    """What becomes of a previewed child. Only FRESH ones are trained."""

    NEW = "new"
    EXISTING = "existing"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    OVER_CAP = "over cap"


@dataclass(frozen=True)
class Preview:
    """A child that could be made of a parent. reason: the verdict in a sentence, empty for what is simply new.

    seconds: expected duration of its training, None while too few were measured. accuracy: the value that it is
    expected to reach, and the bounds of the middle 68 %; None where that cannot be said. same: the model that it is.
    """

    parent: Trial
    candidate: Candidate
    verdict: PreviewStatus
    reason: str = ""
    seconds: float | None = None
    accuracy: tuple[float, float, float] | None = None
    same: TrialId | None = None

    @property
    def edit(self) -> str:
        """What is done to the parent, in words."""
        return "; ".join(sentences(self.parent.architecture, self.candidate.edits)) or "no change"


Children = Sequence[tuple[Trial, Candidate]]
"""Candidates, each with the parent that it is made of."""


def previews(
    children: Children, present: Mapping[str, Sequence[Trial]], estimate: TimeEstimate | None, cap: ParameterCap
) -> list[Preview]:
    """The verdict on each child, in order. present: trials of the data set by fingerprint (see `by_fingerprint`)."""
    made: dict[tuple[Architecture, object], int] = {}
    found = []
    for number, (parent, candidate) in enumerate(children, 1):
        preview = _judged(parent, candidate, present, cap)
        if preview.verdict is PreviewStatus.NEW and candidate.child:
            twin = made.setdefault((candidate.child, parent.proposal.config), number)
            if twin != number:
                preview = replace(preview, verdict=PreviewStatus.DUPLICATE, reason=f"The same child as row {twin}.")
            elif estimate:
                proposal = replace(parent.proposal, architecture=candidate.child)
                preview = replace(preview, seconds=estimate.training_seconds(proposal))
        found.append(preview)
    return found


def by_fingerprint(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """The trials that need not be done again, by what they train."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state in PRESENT:
            found.setdefault(trial.architecture.fingerprint, []).append(trial)
    return found


def _judged(parent: Trial, candidate: Candidate, present: Mapping[str, Sequence[Trial]], cap: ParameterCap) -> Preview:
    child = candidate.child
    if child is None:
        return Preview(parent, candidate, PreviewStatus.INVALID, candidate.reason)
    alike = present.get(child.fingerprint, ())
    proposal = replace(parent.proposal, architecture=child)
    same = next((trial for trial in alike if trial.proposal.same_training(proposal)), None)
    if same:
        return Preview(parent, candidate, PreviewStatus.EXISTING, _known(same), same=same.model)
    if child.parameters > cap.most:
        reason = f"Over the cap: has {child.parameters:,} parameters, at most {cap.most:,} are allowed ({cap.source})."
        return Preview(parent, candidate, PreviewStatus.OVER_CAP, reason)
    return Preview(parent, candidate, PreviewStatus.NEW, _alike(alike, proposal))


def _known(same: Trial) -> str:
    if same.state is TrialState.COMPLETE and same.accuracy is not None:
        return f"Is #{same.id} already: {same.accuracy:.1%} after {same.epochs_done} epochs{_spread(same)}."
    return f"Is #{same.id} already, which is {same.state.value}."


def _spread(same: Trial) -> str:
    return f" (± {same.score.deviation:.1%} over {same.score.seeds} seeds)" if same.score else ""


def _alike(alike: Sequence[Trial], proposal: Proposal) -> str:
    if not alike:
        return ""
    epochs, wanted = alike[0].proposal.config.epochs, proposal.config.epochs
    how = f"for {epochs} epochs instead of {wanted}" if epochs != wanted else "in another way"
    return f"#{alike[0].id} is the same architecture, trained {how}."
