"""Figures of one model, and of models over their epochs; each is a plotly Figure."""

from __future__ import annotations

from collections.abc import Iterable

from remap_core.drawing.charts.class_accuracy import class_accuracy_figure
from remap_core.drawing.charts.confusion import confusion_figure
from remap_core.drawing.charts.learning_curves import learning_curves_figure
from remap_core.drawing.charts.notebook_theme import Figure, for_notebook
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.formatting import model_name
from remap_core.lab.arguments import require_flag
from remap_core.lab.recorded_trial import RecordedTrial


class ModelPlots:
    """Figures of one model."""

    def __init__(self, recorded: RecordedTrial) -> None:
        self._recorded = recorded

    def curves(self) -> Figure:
        """Draw accuracy and loss over the epochs, training and validation.

        >>> len(lab.front[-1].plot.curves().data)
        4
        """
        return curves_of([self._recorded])

    def confusion(self, shares: bool = False) -> Figure:
        """Draw the confusion matrix of the validation images: rows are true classes, columns predicted ones.

        shares: write the share of the row in each cell instead of the count. Raises NotFound for a model that is not
        complete.
        """
        require_flag("shares", shares)
        evaluation = self._recorded.evaluation()
        return for_notebook(confusion_figure(evaluation, self._recorded.workspace.card.class_names, shares))

    def class_accuracy(self) -> Figure:
        """Draw the validation accuracy of each class. Raises NotFound for a model that is not complete."""
        return for_notebook(
            class_accuracy_figure(self._recorded.evaluation(), self._recorded.workspace.card.class_names)
        )

    def snac(self) -> Figure:
        """Draw the layers as a row of chips that can be hovered over."""
        return for_notebook(snac_figure(self._recorded.architecture, bracketed=True, brush=False))


def curves_of(models: Iterable[RecordedTrial]) -> Figure:
    """Accuracy and loss of models over their epochs, by the models' names."""
    curves = {}
    for model in models:
        curves[model_name(model.id)] = model.history()
    return for_notebook(learning_curves_figure(curves))
