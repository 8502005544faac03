"""Children of a model as designs: ablations and variations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from remap_core.errors import InvalidArgument
from remap_core.lab.arguments import require_choice, require_count, shown
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.design_table import Designs
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.services.sampling import lineage_space, set_caps
from remap_core.space.caps import Caps, amount, amount_text, bare_text, exceeded
from remap_core.space.draft import Draft
from remap_core.space.edits import Candidate, ablations, sentences
from remap_core.space.variations import (
    KINDS,
    MAX_CHILDREN,
    MAX_EDITS,
    VariationRequest,
    everything_allowed,
    variations,
)
from remap_core.trials.trial import Origin

MAX_SEED = 2**31 - 1


def ablations_of(parent: RecordedTrial, layers: Iterable[int] | None) -> Designs:
    """See `Model.ablations`."""
    positions = None
    if layers is not None:
        positions = _positions(layers, len(parent.architecture.layers))
    caps = set_caps(parent.workspace.settings)
    designs = []
    notes = []
    for candidate in ablations(parent.architecture, positions):
        problem = _problem(candidate, caps)
        if problem:
            edit = "; ".join(sentences(parent.architecture, candidate.edits))
            notes.append(f"Skipped ({edit}): {problem}")
        else:
            designs.append(_child(parent, candidate, Origin.ABLATION))
    return Designs(designs, notes)


def variations_of(
    parent: RecordedTrial,
    children: int,
    edits: int,
    seed: int,
    allowed: Mapping[int, Iterable[str]] | None,
) -> Designs:
    """See `Model.variations`."""
    require_count("children", children, 1, MAX_CHILDREN)
    require_count("edits", edits, 1, MAX_EDITS)
    require_count("seed", seed, 0, MAX_SEED)
    settings = parent.workspace.settings
    request = VariationRequest(children, edits, _permissions(parent, allowed))
    found = variations(
        parent.architecture,
        lineage_space(settings, parent.trial.proposal),
        request,
        np.random.default_rng(seed),
        caps=set_caps(settings),
    )
    designs = [_child(parent, candidate, Origin.VARIATION) for candidate in found.children]
    if found.shortfall:
        return Designs(designs, [found.shortfall])
    return Designs(designs)


def _child(parent: RecordedTrial, candidate: Candidate, origin: Origin) -> Design:
    draft = Draft.of(parent.architecture)
    if candidate.child is not None:
        draft = draft.with_layers(candidate.child.layers)
    return Design(draft, origin, parent, candidate)


def _problem(candidate: Candidate, caps: Caps) -> str:
    if candidate.child is None:
        return candidate.reason
    over = exceeded(caps, candidate.child)
    if over:
        cost = amount_text(over.cost, amount(over.cost, candidate.child))
        return f"it has {cost}, and at most {bare_text(over.cost, over.limit)} are allowed."
    return ""


def _positions(layers: object, length: int) -> list[int]:
    if isinstance(layers, str) or not isinstance(layers, Iterable):
        raise InvalidArgument(f"layers must be a list of positions, but got {shown(layers)}.")
    if not length:
        raise InvalidArgument("The model has no layer to take out: it is the head alone.")
    positions = []
    for position in layers:
        require_count("each of layers", position, -length, length - 1)
        positions.append(position % length)
    if not positions:
        raise InvalidArgument("layers must name at least one position, but the list is empty.")
    return positions


def _permissions(parent: RecordedTrial, allowed: object) -> dict[int, frozenset[str]]:
    if allowed is None:
        return everything_allowed(parent.architecture)
    if not isinstance(allowed, Mapping):
        raise InvalidArgument(f"allowed must map positions to kinds of edit, but got {shown(allowed)}.")
    permissions = {}
    for position, kinds in allowed.items():
        require_count("each position in allowed", position, 0, len(parent.architecture.layers))
        if isinstance(kinds, str) or not isinstance(kinds, Iterable):
            raise InvalidArgument(f"allowed[{position}] must be a list of kinds of edit, but got {shown(kinds)}.")
        for kind in kinds:
            require_choice("a kind of edit", kind, KINDS)
        permissions[position] = frozenset(kinds)
    return permissions
