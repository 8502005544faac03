"""Two models compared: their layers, their costs, and whether their accuracies differ by more than noise."""

from __future__ import annotations

from dataclasses import dataclass

from remap_core.analysis.mcnemar import PairedTest
from remap_core.drawing.snac.difference import difference_alt, difference_svg
from remap_core.formatting import model_name, model_tag, more_or_fewer, points
from remap_core.lab import notebook_html
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.services.comparison import compare_predictions
from remap_core.trials.trial import Trial


@dataclass(frozen=True, repr=False)
class Comparison:
    """How a second model differs from a first one, on the same validation images.

    >>> comparison = lab.compare(lab.model(1), lab.model(2))
    >>> comparison.changes.startswith("From #1 to #2: ")
    True
    """

    first: Trial
    second: Trial
    test: PairedTest

    @property
    def p(self) -> float:
        """Two-sided p of McNemar's exact test: how likely so uneven a difference is by chance."""
        return self.test.p

    @property
    def is_noise(self) -> bool:
        """Whether the difference may well be chance (p >= 0.05)."""
        return self.test.is_noise

    @property
    def sentence(self) -> str:
        """The outcome of the test in words."""
        first = model_name(self.first.id)
        second = model_name(self.second.id)
        return self.test.sentence(first, second)

    @property
    def changes(self) -> str:
        """What turns the layers of the first model into those of the second, in words."""
        return difference_alt(self.first.architecture, self.second.architecture, self._tags)

    @property
    def costs(self) -> str:
        """How much more or less accurate and large the second model is, in words."""
        before = self.first.accuracy or 0.0
        after = self.second.accuracy or 0.0
        difference = points(after - before)
        difference_in_size = self.second.architecture.parameters - self.first.architecture.parameters
        parameters = more_or_fewer(difference_in_size, "parameter")
        return f"{model_name(self.second.id)}: {difference}, {parameters}."

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        drawing = difference_svg(self.first.architecture, self.second.architecture, self._tags)
        words = notebook_html.lines([self.costs, self.changes])
        return notebook_html.framed(
            notebook_html.heading(self.sentence),
            notebook_html.Html(drawing),
            words,
        )

    @property
    def _tags(self) -> tuple[str, str]:
        return model_tag(self.first.id), model_tag(self.second.id)


def compared(first: RecordedTrial, second: RecordedTrial) -> Comparison:
    """The comparison of two models.

    Raises InvalidArgument for models of two labs, InvalidTrial where they were not evaluated on the same images,
    NotFound where one was not evaluated.
    """
    second.require_in(first.workspace)
    test = compare_predictions(first.workspace.catalogue, first.trial, second.trial)
    return Comparison(first.trial, second.trial, test)
