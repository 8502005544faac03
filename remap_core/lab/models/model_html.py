"""A model as a notebook shows it."""

from __future__ import annotations

from remap_core.drawing.snac.chips import Size, chips
from remap_core.formatting import milliseconds, model_name, pluralize
from remap_core.lab import notebook_html
from remap_core.lab.designs.design import costs_table
from remap_core.lab.recorded_trial import RecordedTrial


def model_html(model: RecordedTrial) -> str:
    """Its name and measurements, its layers, and what was done to its parent."""
    row = chips(model.architecture, Size.LARGE)
    return notebook_html.framed(
        notebook_html.heading(model_name(model.id), _facts(model)),
        notebook_html.drawing(row, Size.LARGE, model.marks),
        notebook_html.lines(_story(model)),
        notebook_html.folded("Output shapes and costs", costs_table(model.architecture.costs)),
    )


def _facts(model: RecordedTrial) -> str:
    facts = [model.accuracy_text]
    facts.append(pluralize(model.architecture.parameters, "parameter"))
    evaluation = model.workspace.catalogue.evaluation(model.id)
    if evaluation:
        facts.append(milliseconds(evaluation.latency.batch_1_ms))
    epochs = model.trial.epochs_done
    if epochs:
        facts.append(pluralize(epochs, "epoch"))
    return ", ".join(facts)


def _story(model: RecordedTrial) -> list[str]:
    if model.trial.error:
        return [model.trial.error]
    if model.parent is None:
        return []
    origin = model.trial.proposal.origin.capitalize()
    parent = model_name(model.parent.id)
    edits = "; ".join(model.edits)
    return [f"{origin} of {parent}: {edits}"]
