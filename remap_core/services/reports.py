"""The report on a population and some of its models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.report import Report, ReportedModel, Step
from remap_core.services.comparison import ancestors, edit_sentence, effect_sentence
from remap_core.trials.population import Population, pareto_front
from remap_core.trials.trial import Trial, TrialId


def report_of(catalogue: Catalogue, population: Population, models: Sequence[TrialId], now: float) -> Report:
    """What there is to tell of a population, and of some models in particular; raises NotFound."""
    best = pareto_front(population.parameters, population.accuracy)
    finished = Counter(population.origin)
    made = f"{datetime.fromtimestamp(now, UTC):%d %B %Y, %H:%M} UTC"
    reported = tuple(_reported(catalogue, catalogue.trial(model)) for model in models)
    front = catalogue.trials([int(population.id[row]) for row in best])
    return Report(catalogue.dataset(population.dataset), made, finished, front, reported)


def _reported(catalogue: Catalogue, trial: Trial) -> ReportedModel:
    chain = [*ancestors(catalogue, trial), trial]
    steps = tuple(
        Step(parent, edit_sentence(parent, child), effect_sentence(catalogue, parent, child))
        for parent, child in pairwise(chain)
        if not child.proposal.is_repeat
    )
    evaluation, test = catalogue.evaluation(trial.id), catalogue.sealed_test(trial.id)
    latency, sealed = evaluation.latency if evaluation else None, test.score if test else None
    return ReportedModel(trial, steps, latency, sealed, catalogue.annotations([trial.id]).get(trial.id))
