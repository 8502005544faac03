"""Figures of a lab and of a model, to look at in a notebook; each is a plotly Figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remap_core.drawing.charts.class_accuracy import class_accuracy_figure
from remap_core.drawing.charts.confusion import confusion_figure
from remap_core.drawing.charts.learning_curves import learning_curves_figure
from remap_core.drawing.charts.notebook_theme import Figure, for_notebook
from remap_core.drawing.charts.overview_figure import overview_figure
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.errors import InvalidArgument, InvalidView, NotFound
from remap_core.formatting import model_name
from remap_core.lab.arguments import require_flag, require_text, shown
from remap_core.views.metrics import OBJECTIVE, PARAMETERS
from remap_core.views.view import View

if TYPE_CHECKING:
    from remap_core.lab.lab import Lab
    from remap_core.lab.models.model import Model


class LabPlots:
    """Figures of all models of a lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def overview(self, x: str = PARAMETERS, y: str = OBJECTIVE) -> Figure:
        """Draw every finished model as a circle, with the Pareto front.

        Darker circles are more accurate, larger ones have more parameters.

        x, y: metrics by their keys: objective, accuracy, train-accuracy, loss, parameters, multiply-adds, latency-1,
        latency-256, seconds, or class-0 and so on for the accuracy of a class. Raises InvalidView for another one,
        NotFound while there is no finished model.

        >>> lab.plot.overview().data[3].name
        'models'
        """
        require_text("x", x)
        require_text("y", y)
        view = View(x=x, y=y)
        population = self._lab.records.population()
        if population is None or not len(population):
            raise NotFound(f"There is no finished model of {self._lab.dataset} to draw yet: train one first.")
        if not view.fits(len(population.class_names)):
            last = len(population.class_names) - 1
            raise InvalidView(f"{population.dataset} has the classes class-0 to class-{last}, but got {x} and {y}.")
        return for_notebook(overview_figure(population, view))

    def curves(self, first: Model, second: Model | None = None) -> Figure:
        """Draw accuracy and loss over the epochs, of one model or of two. Raises InvalidArgument for anything else."""
        models = [first]
        if second is not None:
            models.append(second)
        curves = {}
        for model in models:
            if getattr(model, "lab", None) is not self._lab:
                raise InvalidArgument(f"Curves are drawn for models of this lab, but got {shown(model)}.")
            curves[model_name(model.id)] = model.history
        return for_notebook(learning_curves_figure(curves))


class ModelPlots:
    """Figures of one model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def curves(self) -> Figure:
        """Draw accuracy and loss over the epochs, training and validation.

        >>> len(lab.front[-1].plot.curves().data)
        4
        """
        return self._model.lab.plot.curves(self._model)

    def confusion(self, shares: bool = False) -> Figure:
        """Draw the confusion matrix of the validation images: rows are true classes, columns predicted ones.

        shares: write the share of the row in each cell instead of the count. Raises NotFound for a model that is not
        complete.
        """
        require_flag("shares", shares)
        evaluation = self._model.evaluation
        return for_notebook(confusion_figure(evaluation, self._model.lab.card.class_names, shares))

    def class_accuracy(self) -> Figure:
        """Draw the validation accuracy of each class. Raises NotFound for a model that is not complete."""
        return for_notebook(class_accuracy_figure(self._model.evaluation, self._model.lab.card.class_names))

    def snac(self) -> Figure:
        """Draw the layers as a row of chips that can be hovered over."""
        return for_notebook(snac_figure(self._model.architecture, bracketed=True, brush=False))
