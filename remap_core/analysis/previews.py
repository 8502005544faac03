"""Children before they are trained, each with a verdict, so that none is dropped silently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from remap_core.analysis.durations import TimeEstimate
from remap_core.formatting import model_name, pluralize
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Caps, SecondsOf, exceeded, over_sentence
from remap_core.space.edits import Candidate, sentences
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialId, TrialState

PRESENT = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
"""States of a training that need not be repeated."""


class PreviewStatus(StrEnum):
    """The verdict on a previewed child. Only NEW ones are trained."""

    NEW = "new"
    EXISTING = "existing"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    OVER_CAP = "over cap"


@dataclass(frozen=True)
class Preview:
    """A child that a parent could have. reason: the verdict in a sentence, empty for a child that is simply new.

    seconds: expected duration of its training, None while too few were measured. accuracy: its predicted accuracy with
    the bounds of the middle 68 %, None where there is no prediction. same: the existing model that it equals. config:
    how it would be trained, None where nothing would be trained.
    """

    parent: Trial
    candidate: Candidate
    verdict: PreviewStatus
    reason: str = ""
    seconds: float | None = None
    accuracy: tuple[float, float, float] | None = None
    same: TrialId | None = None
    config: TrainingConfig | None = None

    @property
    def edit(self) -> str:
        """The edits of the parent, in words."""
        return "; ".join(sentences(self.parent.architecture, self.candidate.edits)) or "no change"


Children = Sequence[tuple[Trial, Candidate]]
"""Candidates, each with its parent."""

ConfigOf = Callable[[Trial], TrainingConfig]
"""How the children of a parent would be trained."""

Present = Mapping[str, Sequence[Trial]]
"""Trials that need not be repeated, by their architecture's fingerprint."""


def previews(
    children: Children,
    present: Present,
    estimate: TimeEstimate | None,
    caps: Caps,
    config_of: ConfigOf = lambda parent: parent.proposal.config,
) -> list[Preview]:
    """The verdict on each child, in order. present: trials of the data set by fingerprint (see `by_fingerprint`).

    A cap on seconds needs an estimate; without one it holds for every child. config_of: by default like the parent.
    """
    first_rows: dict[Proposal, int] = {}
    judged = []
    for row, (parent, candidate) in enumerate(children, start=1):
        config = config_of(parent)
        preview = _judged(parent, candidate, config, present, caps, _seconds_of(parent, config, estimate))
        if preview.verdict is PreviewStatus.NEW and candidate.child:
            training = _training(parent, candidate.child, config)
            first_row = first_rows.setdefault(training, row)
            if first_row != row:
                preview = replace(
                    preview,
                    verdict=PreviewStatus.DUPLICATE,
                    reason=f"The same child as in row {first_row}.",
                )
            elif estimate:
                seconds = estimate.training_seconds(training)
                preview = replace(preview, seconds=seconds)
        judged.append(preview)
    return judged


def by_fingerprint(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """The trials that need not be repeated, by their architecture's fingerprint."""
    present: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state in PRESENT:
            fingerprint = trial.architecture.fingerprint
            present.setdefault(fingerprint, []).append(trial)
    return present


def _training(parent: Trial, child: Architecture, config: TrainingConfig) -> Proposal:
    """A child's training on its parent's data set. Where it starts does not matter to its time."""
    return Proposal(child, parent.proposal.dataset, config, parent=config.start)


def _seconds_of(parent: Trial, config: TrainingConfig, estimate: TimeEstimate | None) -> SecondsOf | None:
    if estimate is None:
        return None
    return lambda child: estimate.training_seconds(_training(parent, child, config))


def _judged(  # noqa: PLR0917 (what a verdict depends on)
    parent: Trial,
    candidate: Candidate,
    config: TrainingConfig,
    present: Present,
    caps: Caps,
    seconds_of: SecondsOf | None,
) -> Preview:
    child = candidate.child
    if child is None:
        return Preview(parent, candidate, PreviewStatus.INVALID, candidate.reason)
    training = _training(parent, child, config)
    same_architecture = present.get(child.fingerprint, ())
    for trial in same_architecture:
        if trial.proposal.same_training(training) or _says_more(trial, training):
            reason = _existing_reason(trial)
            return Preview(parent, candidate, PreviewStatus.EXISTING, reason, same=trial.model)
    over = exceeded(caps, child, seconds_of)
    if over:
        return Preview(parent, candidate, PreviewStatus.OVER_CAP, over_sentence(over, child, seconds_of))
    reason = _difference_reason(same_architecture, training)
    return Preview(parent, candidate, PreviewStatus.NEW, reason, config=config)


def _says_more(known: Trial, training: Proposal) -> bool:
    """Whether a training from the parent's weights would only hint at what a full one by the same recipe says."""
    known_config, config = known.proposal.config, training.config
    is_full = known_config.start is None and known_config.epochs >= config.epochs
    return config.start is not None and is_full and known_config.recipe == config.recipe


def _existing_reason(same: Trial) -> str:
    name = model_name(same.model)
    if same.state is TrialState.COMPLETE:
        epochs = pluralize(same.epochs_done, "epoch")
        return f"Same as {name}: {same.accuracy_text()} after {epochs}."
    return f"Same as {name}, which is {same.state.value}."


def _difference_reason(same_architecture: Sequence[Trial], training: Proposal) -> str:
    """How a new child differs from a trained model of the same architecture; empty without one."""
    if not same_architecture:
        return ""
    known = same_architecture[0]
    config = known.proposal.config
    difference = "with other settings"
    if known.proposal.inherits:
        difference = f"for {pluralize(config.epochs, 'epoch')} from the weights of {model_name(config.start or 0)}"
    elif config.recipe != training.config.recipe:
        difference = f"with the recipe {config.recipe.title} instead of {training.config.recipe.title}"
    elif config.epochs != training.config.epochs:
        difference = f"for {config.epochs} epochs instead of {training.config.epochs}"
    return f"{model_name(known.model)} has the same architecture, trained {difference}."
