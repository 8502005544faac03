from itertools import pairwise

from remap_core.drawing.palette import OUTLINE, SELECTION
from remap_core.drawing.snac.permissions import ROWS, SWITCHES, WORDS, permissions_figure
from remap_core.drawing.snac.snac_figure import LAYERS
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, Dense
from remap_core.space.variations import KINDS

PARENT = Architecture((1, 8, 8), 10, (Dense(16), Activation("relu")))
FIGURE = permissions_figure(PARENT, {0: {"remove"}, 2: {"prepend"}})


def named(name):
    (trace,) = (trace for trace in FIGURE.data if trace.name == name)
    return trace


def test_every_kind_of_edit_has_a_row():
    assert set(WORDS) == set(KINDS)


def test_every_layer_has_a_switch_for_every_kind_and_the_head_for_prepending_only():
    found = [tuple(said) for said in named(SWITCHES).customdata]
    assert set(found) == {("switch", kind, index) for kind in KINDS for index in (0, 1)} | {("switch", "prepend", 2)}
    assert len(found) == 9


def test_switches_are_under_their_blocks_and_are_filled_where_allowed():
    switches, blocks = named(SWITCHES), named(LAYERS)
    squares = FIGURE.layout.shapes[-len(switches.x) :]
    for said, x, symbol, square in zip(switches.customdata, switches.x, switches.marker.symbol, squares, strict=True):
        if said[2] < 2:
            assert x == blocks.x[said[2]]
        on = tuple(said[1:]) in {("remove", 0), ("prepend", 2)}
        assert (symbol, square.line.color) == (("square", SELECTION) if on else ("square-open", OUTLINE))
        assert (square.fillcolor == SELECTION) == on
        assert (square.x0 + square.x1) / 2 == x


def test_switches_keep_their_distance_however_small_the_figure_is_drawn():
    squares = FIGURE.layout.shapes[-len(named(SWITCHES).x) :]
    heights = sorted({(square.y0, square.y1) for square in squares})
    assert all(below[1] + 4 < above[0] for below, above in pairwise(heights))


def test_each_row_has_all_and_none_at_its_own_height_within_the_figure():
    low, high = FIGURE.layout.yaxis.range
    rows = {(said[1], said[2]): y for said, y in zip(named(ROWS).customdata, named(ROWS).y, strict=True)}
    assert len(rows) == 2 * len(KINDS)
    assert len(set(rows.values())) == len(KINDS)
    assert all(low < y < high for y in rows.values())
