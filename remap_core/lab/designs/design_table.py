"""Designs as a table: what can be trained, what each costs, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from remap_core.drawing.snac.chips import Size, draft_chips
from remap_core.drawing.snac.svg import table_size
from remap_core.errors import InvalidArgument
from remap_core.formatting import count, pluralize
from remap_core.lab import notebook_html
from remap_core.lab.arguments import require_count
from remap_core.lab.designs.design import Design
from remap_core.lab.frames import to_frame
from remap_core.space.edit_marks import marks

MAX_ROWS = 50
"""Rows of a table in a notebook; the others are only counted."""


class Designs(Sequence[Design]):
    """Designs to choose from and to train, as a table. `notes` say what was left out, and why.

    >>> designs = remap.sample("remap-2019", dataset="digits", n=3, seed=0)
    >>> len(designs), len(designs[:2])
    (3, 2)
    """

    def __init__(self, designs: Iterable[Design], notes: Iterable[str] = ()) -> None:
        self._designs = tuple(designs)
        self.notes = tuple(notes)

    def __len__(self) -> int:
        return len(self._designs)

    def __iter__(self) -> Iterator[Design]:
        return iter(self._designs)

    @overload
    def __getitem__(self, index: int) -> Design: ...
    @overload
    def __getitem__(self, index: slice) -> Designs: ...
    def __getitem__(self, index: int | slice) -> Design | Designs:
        if isinstance(index, slice):
            return Designs(self._designs[index])
        if not self._designs:
            raise InvalidArgument("There is no design to take: the list is empty.")
        last = len(self._designs) - 1
        return self._designs[require_count("index", index, -last - 1, last)]

    def to_frame(self, library: str = "pandas") -> Any:
        """The designs as a data frame: layers, edits, origin, parent, parameters and multiply-adds.

        library: "pandas", "polars" or "pyarrow". Raises MissingPackage where it is not installed.
        """
        columns: dict[str, list[Any]] = {
            "layers": [design.text for design in self],
            "edits": ["; ".join(design.edits) for design in self],
            "origin": [design.origin.value for design in self],
            "parent": [design.parent and design.parent.id for design in self],
            "parameters": [design.parameters for design in self],
            "multiply_adds": [design.multiply_adds for design in self],
        }
        return to_frame(columns, library)

    def __repr__(self) -> str:
        number = pluralize(len(self), "design")
        return "; ".join((number, *self.notes))

    def _repr_html_(self) -> str:
        lengths = [len(design.draft.layers) for design in self]
        size = table_size(max(lengths, default=0) + 1)
        rows = []
        for number, design in enumerate(self._designs[:MAX_ROWS]):
            rows.append(_design_row(number, design, size))
        header = ("", "SNAC", "Edits", "Parameters", "Multiply-adds")
        notes = list(self.notes)
        if len(self) > MAX_ROWS:
            more = len(self) - MAX_ROWS
            notes.insert(0, pluralize(more, "more design"))
        title = notebook_html.heading(pluralize(len(self), "design"))
        body = notebook_html.table(header, rows, numbers=(0, 3, 4))
        return notebook_html.framed(title, body, notebook_html.lines(notes))


def _design_row(number: int, design: Design, size: Size) -> tuple[notebook_html.Cell, ...]:
    row = draft_chips(design.draft, size)
    marked = marks(design.draft.parent, design.edit_steps)
    snac = notebook_html.drawing(row, size, marked)
    edits = "; ".join(design.edits)
    if design.problem:
        return (str(number), snac, edits, design.problem, "")
    parameters = count(design.parameters)
    multiply_adds = count(design.multiply_adds)
    return (str(number), snac, edits, parameters, multiply_adds)
