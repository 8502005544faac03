"""What could be trained next: neighbours of models near the front and new samples, but nothing that was tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from remap_core.errors import RemapError
from remap_core.formatting import pluralize
from remap_core.services.sampling import SamplingPlan
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Caps, exceeded, tightest
from remap_core.space.edits import Candidate, ablations
from remap_core.space.markov.search_space import SearchSpace
from remap_core.space.merges import merges
from remap_core.space.text import layers_text
from remap_core.space.variations import MAX_CHILDREN, VariationRequest, everything_allowed, variations
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal, Trial
from remap_core.views.filters import MEMORY, Filter, Span, layer_kinds, memory_of

FRESH = 150
"""New samples among the candidates, if the caps leave so many."""
_SAMPLED_AT_ONCE = 10


@dataclass
class Candidates:
    """Trainings that could be proposed, each architecture once; and why others were left out.

    known: fingerprints of what was tried, to begin with. refused: how many were over each cap. misfit: how many the
    filter hides.
    """

    known: set[str]
    caps: Caps
    filter: Filter
    proposals: list[Proposal] = field(default_factory=list)
    repeated: int = 0
    refused: dict[Cap, int] = field(default_factory=dict)
    misfit: int = 0
    exhausted: str = ""

    def add_neighbours(self, parent: Trial, space: SearchSpace, rng: np.random.Generator, step: int) -> None:
        """Ablations, merges and sampled variations of up to `step` edits of a model."""
        for origin, found in _neighbours(parent.architecture, space, rng, step, self.caps):
            if found.child:
                proposal = replace(
                    parent.proposal,
                    architecture=found.child,
                    origin=origin,
                    parent=parent.model,
                    edits=found.edits,
                    suggested=True,
                )
                self._add(proposal)

    def add_samples(self, plan: SamplingPlan, dataset: str, config: TrainingConfig, seed: int) -> None:
        """New samples of the plan, as many as its caps leave, up to FRESH."""
        for batch in range(FRESH // _SAMPLED_AT_ONCE):
            try:
                sampled = plan.sample(_SAMPLED_AT_ONCE, seed + batch, frozenset(self.known))
            except RemapError as error:
                self.exhausted = str(error)
                return
            for architecture in sampled:
                self._add(Proposal(architecture, dataset, config, space=plan.space.name, suggested=True))

    def why_none(self) -> str:
        """Why there are no candidates, in a sentence or two."""
        reasons = []
        if self.repeated:
            verb = "was" if self.repeated == 1 else "were"
            reasons.append(f"{pluralize(self.repeated, 'neighbor')} {verb} tried before")
        for cap, times in self.refused.items():
            source = f" ({cap.source})" if cap.source else ""
            reasons.append(f"{pluralize(times, 'neighbor')} had more than {cap.text}{source}")
        if self.misfit:
            reasons.append(f"the filter hides {pluralize(self.misfit, 'candidate')}")
        sentence = "There is no new model to suggest"
        if reasons:
            sentence += f": {', and '.join(reasons)}"
        return f"{sentence}. {self.exhausted}".strip()

    def _add(self, proposal: Proposal) -> None:
        architecture = proposal.architecture
        over = exceeded(self.caps, architecture)
        if architecture.fingerprint in self.known:
            self.repeated += 1
        elif over:
            self.refused[over] = self.refused.get(over, 0) + 1
        elif not _is_shown(architecture, self.filter):
            self.misfit += 1
        elif _can_learn(architecture):
            self.known.add(architecture.fingerprint)
            self.proposals.append(proposal)


def _neighbours(
    parent: Architecture, space: SearchSpace, rng: np.random.Generator, step: int, caps: Iterable[Cap]
) -> Iterator[tuple[Origin, Candidate]]:
    for found in ablations(parent):
        yield Origin.ABLATION, found
    for found in merges(parent):
        yield Origin.VARIATION, found
    for edits in range(1, step + 1):
        request = VariationRequest(MAX_CHILDREN, edits, everything_allowed(parent))
        for found in variations(parent, space, request, rng, caps=tightest(caps)).children:
            yield Origin.VARIATION, found


def _is_shown(architecture: Architecture, shown: Filter) -> bool:
    """Whether the filter would show it, as far as that is known before it is trained."""
    if not shown:
        return True
    kinds = layer_kinds(layers_text(architecture.layers))
    if shown.absent & kinds or not shown.present <= kinds:
        return False
    costs: list[tuple[Span, float]] = [
        (shown.parameters, architecture.parameters),
        (shown.multiply_adds, architecture.multiply_adds),
    ]
    costs += [(getattr(shown, name), memory_of(architecture, metric)) for name, metric in MEMORY.items()]
    return all(span.holds(np.array([cost]))[0] for span, cost in costs)


def _can_learn(architecture: Architecture) -> bool:
    """Whether it is more than a linear map of the pixels, as sampled models are."""
    return architecture.has_hidden_weights and not architecture.is_linear
