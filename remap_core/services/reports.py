"""The report on a population and some of its models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.report import Report, ReportedModel, Step
from remap_core.services.lineage import ancestors, edit_sentence, effect_sentence
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial, TrialId


def report_of(catalogue: Catalogue, population: Population, models: Sequence[TrialId], now: float) -> Report:
    """The report on a population, with a section for each of `models`; raises NotFound. now: seconds since 1970."""
    front_rows = population.front()
    front = [int(population.id[row]) for row in front_rows]
    return Report(
        card=catalogue.dataset(population.dataset),
        written=f"{datetime.fromtimestamp(now, UTC):%d %B %Y, %H:%M} UTC",
        finished=Counter(population.origin),
        front=catalogue.trials(front),
        models=[_reported(catalogue, catalogue.trial(model)) for model in models],
    )


def _reported(catalogue: Catalogue, trial: Trial) -> ReportedModel:
    latency = None
    evaluation = catalogue.evaluation(trial.id)
    if evaluation:
        latency = evaluation.latency
    score = None
    sealed_test = catalogue.sealed_test(trial.id)
    if sealed_test:
        score = sealed_test.score
    return ReportedModel(
        trial=trial,
        steps=tuple(lineage_steps(catalogue, trial)),
        latency=latency,
        sealed=score,
        annotation=catalogue.annotations([trial.id]).get(trial.id),
    )


def lineage_steps(catalogue: Catalogue, trial: Trial) -> Iterator[Step]:
    """The steps from the oldest known ancestor to a model."""
    lineage = [*ancestors(catalogue, trial), trial]
    for parent, child in pairwise(lineage):
        if child.proposal.is_retraining:
            continue
        yield Step(parent, edit_sentence(parent, child), effect_sentence(catalogue, parent, child))
