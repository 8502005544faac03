"""Drafts and marked children, as they are drawn."""

from remap_core.drawing.palette import SELECTION, WORSE
from remap_core.drawing.snac.chips import Size, chips, draft_chips
from remap_core.drawing.snac.snac_figure import HANDLES, LAYERS, row_figure
from remap_core.drawing.snac.svg import snac_svg
from remap_core.space.architecture import Architecture
from remap_core.space.draft import Draft
from remap_core.space.edit_marks import Marks
from remap_core.space.layers import Conv2d, Dense

PARENT = Architecture((1, 8, 8), 10, (Conv2d(3, 16), Dense(8)))
BROKEN = Draft.of(PARENT).inserted(0, "dense", {"units": 4})
ROW = draft_chips(BROKEN, Size.LARGE)


def test_a_draft_that_fits_is_drawn_as_its_architecture():
    assert draft_chips(Draft.of(PARENT), Size.LARGE) == chips(PARENT, Size.LARGE)


def test_a_draft_that_does_not_fit_has_all_its_chips_and_no_shapes_from_the_misfit_on():
    assert [chip.text for chip in ROW] == ["Dense 4", "Conv 16x3", "Dense 8", "Head"]
    assert [chip.index for chip in ROW] == [0, 1, 2, None]
    assert [chip.output_shape for chip in ROW] == [(4,), (), (), ()]
    assert [chip.x for chip in ROW] == [chip.x for chip in chips(PARENT.with_layers((Dense(4),) * 3), Size.LARGE)]


def test_the_block_that_does_not_fit_has_the_border_of_a_fault_and_can_still_be_clicked():
    figure = row_figure(ROW, Size.LARGE, handles=True, mismatch=BROKEN.mismatch.index)
    faulty = [shape for shape in figure.layout.shapes if shape.line.color == WORSE]
    assert [shape.x0 for shape in faulty] == [ROW[1].x]
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces[LAYERS].customdata) == [0, 1, 2]
    assert "does not fit here" in traces[LAYERS].hovertext[1]
    assert len(traces[HANDLES].customdata) == 4


def test_marks_are_a_frame_round_what_changed_and_a_bar_where_something_is_gone():
    row = chips(PARENT, Size.MEDIUM)
    assert SELECTION not in snac_svg(row, Size.MEDIUM)
    marked = snac_svg(row, Size.MEDIUM, marks=Marks(frozenset({0}), frozenset({2})))
    assert marked.count(f"fill='none' stroke='{SELECTION}'") == 1
    assert marked.count("<line ") == 1
