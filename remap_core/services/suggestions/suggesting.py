"""Which models to train next: suggestions from what was trained, with what is expected of each and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from remap_core.analysis.suggest.batch import PLAIN
from remap_core.analysis.suggest.features import features_of
from remap_core.analysis.suggest.model_front import front_of_models
from remap_core.analysis.suggest.reasons import Evidence
from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidArgument, SpaceExhausted
from remap_core.formatting import milliseconds, pluralize
from remap_core.services.expected_time import time_estimates
from remap_core.services.pace import pace_in, seconds_at
from remap_core.services.proposals import caps_on_children, initial_config, moment, plan_of
from remap_core.services.sampling import SamplingPlan, lineage_space, space_names
from remap_core.services.suggestions.candidates import Candidates
from remap_core.services.suggestions.known_models import KnownModels, known_models, pending_architectures
from remap_core.services.suggestions.outlook import Outlook, require_explore
from remap_core.settings import Settings
from remap_core.space.caps import tightest
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Ints, Population
from remap_core.trials.trial import Proposal
from remap_core.views.targets import require_possible
from remap_core.views.view import View

MAX_SUGGESTIONS = 100
MAX_STEP = 5
"""Edits that a suggestion may be away from its parent."""
MAX_PARENTS = 10
"""Models near the front whose neighbours are candidates."""


def suggest(
    catalogue: Catalogue | None,
    settings: Settings,
    card: DatasetCard,
    view: View | None = None,
    n: int = 5,
    *,
    explore: float = PLAIN,
    step: int = 1,
) -> list[Suggestion]:
    """At most n models to train next, the best first; see `outlook` and `Outlook.suggestions`."""
    if not 1 <= n <= MAX_SUGGESTIONS:
        raise InvalidArgument(f"The number of suggestions must be 1 to {MAX_SUGGESTIONS}, but got {n}.")
    require_explore(explore)
    return outlook(catalogue, settings, card, view, step=step).suggestions(n, explore)


def outlook(
    catalogue: Catalogue | None,
    settings: Settings,
    card: DatasetCard,
    view: View | None = None,
    *,
    step: int = 1,
) -> Outlook:
    """What could be trained next on a data set, under the objective and the filter of a view.

    catalogue: None before anything was trained. step: edits that a candidate may be away from its parent, 1 to 5. The
    same catalogue has the same candidates. Takes some tenths of a second. Raises SpaceExhausted with the cap that binds
    where nothing new is left, InvalidArgument, InvalidSpace, InvalidView for weights of other classes
    and for a target that no network fits.
    """
    if not 1 <= step <= MAX_STEP:
        raise InvalidArgument(f"The step must be 1 to {MAX_STEP} edits, but got {step}.")
    view = view or View()
    if view.objective.target:
        require_possible(view.objective.target, card.input_shape, card.classes)
    population = None
    if catalogue and card.name in catalogue.datasets():
        population = catalogue.population(card.name)
    known = known_models(population, card, view, initial_config(settings, card))
    plan = _plan(catalogue, settings, card)
    proposals = _within_latency(_candidates(catalogue, settings, view, known, plan, step=step), known, view)
    pending = pending_architectures(catalogue, card.name) if catalogue else []
    architectures = [*(proposal.architecture for proposal in proposals), *pending]
    features = features_of(architectures)
    process, guess_because = known.fitted()
    parents = {proposal.parent for proposal in proposals if proposal.parent is not None}
    return Outlook(
        known=known,
        proposals=proposals,
        features=features,
        costs=np.log([architecture.parameters for architecture in architectures]),
        front=front_of_models(known.parameters, known.share, known.allowed, view.objective.max_parameters),
        posterior=process.posterior(features) if process else None,
        rank=process.rank_correlation if process else 0.0,
        guess_because=guess_because,
        evidence=_evidence(catalogue, population, view),
        parents={trial.id: trial for trial in catalogue.trials(sorted(parents))} if catalogue else {},
        seconds=_seconds(catalogue, settings, card, proposals),
        caveat=known.latency_caveat(view.objective.max_latency_ms),
    )


def propose_suggestions(suggestions: Sequence[Suggestion], now: float) -> tuple[Proposal, ...]:
    """The trainings of suggestions as one batch; now: seconds since 1970 (UTC)."""
    batch = f"suggested, {moment(now)}"
    return tuple(replace(suggestion.proposal, batch=batch) for suggestion in suggestions)


def _plan(catalogue: Catalogue | None, settings: Settings, card: DatasetCard) -> SamplingPlan:
    """New samples come from the space of the first models, as far as its name is still known."""
    first = next(iter(catalogue.spaces(card.name)), "") if catalogue else ""
    space = first if first in space_names(settings) else ""
    return plan_of(settings, card, space, pace_in(catalogue))


def _candidates(
    catalogue: Catalogue | None, settings: Settings, view: View, known: KnownModels, plan: SamplingPlan, *, step: int
) -> Candidates:
    tried = catalogue.tried(known.dataset) if catalogue else set()
    caps = caps_on_children(settings, view.objective)
    candidates = Candidates(tried, caps, view.filter)
    rng = np.random.default_rng([settings.seed, len(tried)])
    parents = known.id[_parents(known)].tolist()
    for parent in catalogue.trials(parents) if catalogue else ():
        candidates.add_neighbours(parent, lineage_space(settings, parent.proposal), rng, step)
    candidates.add_samples(
        replace(plan, caps=tightest((*caps, *plan.caps))), known.dataset, known.config, int(rng.integers(2**31))
    )
    return candidates


def _parents(known: KnownModels) -> Ints:
    """Rows of the allowed models that are nearest to their front; without an allowed one, of the smallest models."""
    rows = np.flatnonzero(known.allowed)
    if not len(rows):
        return np.argsort(known.parameters, kind="stable")[:MAX_PARENTS]
    values = known.values[rows]
    best_so_small = np.array([values[known.parameters[rows] <= size].max() for size in known.parameters[rows]])
    order = np.lexsort((-values, best_so_small - values))
    return rows[order[:MAX_PARENTS]]


def _within_latency(candidates: Candidates, known: KnownModels, view: View) -> tuple[Proposal, ...]:
    proposals = candidates.proposals
    if not proposals:
        raise SpaceExhausted(candidates.why_none())
    cap = view.objective.max_latency_ms
    if cap is None:
        return tuple(proposals)
    slow = known.too_slow(features_of([proposal.architecture for proposal in proposals]), cap)
    if slow.all():
        raise SpaceExhausted(
            f"There is no new model to suggest: all {pluralize(len(proposals), 'candidate')} would probably need more "
            f"than {milliseconds(cap)} (the objective's cap)."
        )
    return tuple(proposal for proposal, is_slow in zip(proposals, slow, strict=True) if not is_slow)


def _evidence(catalogue: Catalogue | None, population: Population | None, view: View) -> Evidence:
    if catalogue is None or population is None or not len(population):
        return Evidence({})
    children = catalogue.descendants(population.dataset)
    return Evidence.of(population, children, view.objective.value(population))


def _seconds(
    catalogue: Catalogue | None, settings: Settings, card: DatasetCard, proposals: Sequence[Proposal]
) -> tuple[float, ...]:
    """Expected seconds of each training; a guess by the pace of other data or machines before any were measured."""
    estimates = time_estimates(catalogue, [card.name]) if catalogue else {}
    if card.name in estimates:
        return tuple(estimates[card.name].training_seconds(proposal) for proposal in proposals)
    seconds_of = seconds_at(pace_in(catalogue), settings, card.split[0])
    return tuple(seconds_of(proposal.architecture) for proposal in proposals)
