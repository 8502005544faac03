"""Figures of a lab, to look at in a notebook; each is a plotly Figure."""

from __future__ import annotations

from remap_core.drawing.charts.notebook_theme import Figure, for_notebook
from remap_core.drawing.charts.overview_figure import overview_figure
from remap_core.errors import InvalidArgument, InvalidView, NotFound
from remap_core.lab.arguments import require_text, shown
from remap_core.lab.models.model import Model
from remap_core.lab.models.model_plots import curves_of
from remap_core.lab.workspace import Workspace
from remap_core.views.metrics import OBJECTIVE, PARAMETERS
from remap_core.views.view import View


class LabPlots:
    """Figures of all models of a lab."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

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
        population = self._workspace.population()
        if population is None or not len(population):
            raise NotFound(f"There is no finished model of {self._workspace.dataset} to draw yet: train one first.")
        if not view.fits(len(population.class_names)):
            last = len(population.class_names) - 1
            raise InvalidView(f"{population.dataset} has the classes class-0 to class-{last}, but got {x} and {y}.")
        return for_notebook(overview_figure(population, view))

    def curves(self, first: Model, second: Model | None = None) -> Figure:
        """Draw accuracy and loss over the epochs, of one model or of two. Raises InvalidArgument for anything else."""
        models = [first]
        if second is not None:
            models.append(second)
        for model in models:
            if not self._has(model):
                raise InvalidArgument(f"Curves are drawn for models of this lab, but got {shown(model)}.")
        return curves_of(model.recorded for model in models)

    def _has(self, model: object) -> bool:
        return isinstance(model, Model) and model.recorded.workspace is self._workspace
