"""Suggestions as a table: designs to train next, with what is expected of each and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from remap_core.analysis.suggest.batch import PLAIN
from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.drawing.snac.chips import Size, draft_chips
from remap_core.drawing.snac.svg import table_size
from remap_core.errors import InvalidArgument
from remap_core.formatting import count, duration, model_tag, percent, pluralize, predicted_accuracy
from remap_core.lab import notebook_html
from remap_core.lab.arguments import read_target, require_count, shown
from remap_core.lab.designs.design import Design
from remap_core.lab.frames import to_frame
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.lab.workspace import Workspace
from remap_core.services.suggestions.suggesting import MAX_STEP, MAX_SUGGESTIONS, suggest
from remap_core.space.draft import Draft
from remap_core.space.edit_marks import marks
from remap_core.space.edits import Candidate
from remap_core.space.text import layers_text
from remap_core.views.objective import Objective
from remap_core.views.view import View

MAX_LIMIT = 10**15


@dataclass(frozen=True, repr=False)
class SuggestedDesign:
    """A suggestion for `lab.train`. `design` is what it would train, to look at and to edit further.

    accuracy, low, high: expected of one training, and its 80 % band, 0..1. chance: of moving the Pareto front, 0..1.
    """

    workspace: Workspace
    suggestion: Suggestion
    design: Design

    @property
    def text(self) -> str:
        """The layers in words."""
        return layers_text(self.suggestion.architecture.layers)

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return self.suggestion.parameters

    @property
    def accuracy(self) -> float:
        """The expected validation accuracy, 0..1."""
        return self.suggestion.accuracy

    @property
    def low(self) -> float:
        """The low end of the 80 % band, 0..1."""
        return self.suggestion.low

    @property
    def high(self) -> float:
        """The high end of the 80 % band, 0..1."""
        return self.suggestion.high

    @property
    def chance(self) -> float:
        """The chance that it moves the Pareto front, 0..1."""
        return self.suggestion.chance

    @property
    def seconds(self) -> float:
        """Expected seconds of the training."""
        return self.suggestion.seconds

    @property
    def reason(self) -> str:
        """Why it is suggested."""
        return self.suggestion.reason

    @property
    def edit(self) -> str:
        """The edits of its parent, in words; empty for a new sample."""
        return self.suggestion.edit

    def __repr__(self) -> str:
        expected = predicted_accuracy(self.accuracy, self.low, self.high)
        return f"SuggestedDesign({self.text}; {expected}, {pluralize(self.parameters, 'parameter')})"


class SuggestedDesigns(Sequence[SuggestedDesign]):
    """Suggestions, the best first, as a table.

    >>> suggested = lab.suggest(4)
    >>> len(suggested), len(suggested[1:])
    (4, 3)
    """

    def __init__(self, designs: Iterable[SuggestedDesign]) -> None:
        self._designs = tuple(designs)

    def __len__(self) -> int:
        return len(self._designs)

    def __iter__(self) -> Iterator[SuggestedDesign]:
        return iter(self._designs)

    @overload
    def __getitem__(self, index: int) -> SuggestedDesign: ...
    @overload
    def __getitem__(self, index: slice) -> SuggestedDesigns: ...
    def __getitem__(self, index: int | slice) -> SuggestedDesign | SuggestedDesigns:
        if isinstance(index, slice):
            return SuggestedDesigns(self._designs[index])
        last = len(self._designs) - 1
        return self._designs[require_count("index", index, -last - 1, last)]

    def to_frame(self, library: str = "pandas") -> Any:
        """The suggestions as a data frame, with the columns of `remap suggest --json`.

        library: "pandas", "polars" or "pyarrow". Raises MissingPackage where it is not installed.
        """
        rows = [one.suggestion.to_json() for one in self]
        names = list(rows[0]) if rows else []
        return to_frame({name: [row[name] for row in rows] for name in names}, library)

    def __repr__(self) -> str:
        return pluralize(len(self), "suggestion")

    def _repr_html_(self) -> str:
        lengths = [len(one.suggestion.architecture.layers) for one in self]
        size = table_size(max(lengths, default=0) + 1)
        rows = [_row(number, one, size) for number, one in enumerate(self)]
        header = ("", "SNAC", "Of", "Expected", "Parameters", "Time", "Chance", "Why")
        title = notebook_html.heading(pluralize(len(self), "suggestion"))
        return notebook_html.framed(title, notebook_html.table(header, rows, numbers=(0, 4, 5, 6)))


def suggested_designs(
    workspace: Workspace,
    n: object,
    max_parameters: object,
    target: object,
    *,
    explore: object,
    step: object,
) -> SuggestedDesigns:
    """See `Lab.suggest`."""
    number = require_count("n", n, 1, MAX_SUGGESTIONS)
    cap = None if max_parameters is None else require_count("max_parameters", max_parameters, 1, MAX_LIMIT)
    edits = require_count("step", step, 1, MAX_STEP)
    if isinstance(explore, bool) or not isinstance(explore, int | float) or not 0 <= explore <= 1:
        raise InvalidArgument(f"explore must be a number from 0 to 1 ({PLAIN} by default), but got {shown(explore)}.")
    view = View(Objective(max_parameters=cap, target=read_target(target)))
    found = suggest(
        workspace.published(),
        workspace.settings,
        workspace.card,
        view,
        number,
        explore=explore,
        step=edits,
    )
    return SuggestedDesigns(SuggestedDesign(workspace, one, _design(workspace, one)) for one in found)


def _design(workspace: Workspace, one: Suggestion) -> Design:
    proposal = one.proposal
    if proposal.parent is None:
        return Design(Draft.of(one.architecture), proposal.origin, space=proposal.space)
    parent = RecordedTrial(workspace, workspace.model_trial(proposal.parent))
    draft = Draft.of(parent.architecture).with_layers(one.architecture.layers)
    return Design(draft, proposal.origin, parent, Candidate(proposal.edits, one.architecture))


def _row(number: int, one: SuggestedDesign, size: Size) -> tuple[notebook_html.Cell, ...]:
    marked = marks(one.design.draft.parent, one.suggestion.edits)
    return (
        str(number),
        notebook_html.drawing(draft_chips(one.design.draft, size), size, marked),
        model_tag(one.suggestion.parent) if one.suggestion.parent else "",
        predicted_accuracy(one.accuracy, one.low, one.high),
        count(one.parameters),
        duration(one.seconds),
        percent(one.chance, decimals=0),
        one.reason,
    )
