import pytest

from remap_core.drawing.palette import SELECTION, chip_appearance
from remap_core.drawing.snac.chips import Size, chips
from remap_core.drawing.snac.snac_figure import HANDLES, HEAD_BLOCK, LAYERS, snac_figure
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, Conv2d, Dense, Dropout, InvertedResidual, Residual

NET = Architecture((1, 8, 8), 10, (Conv2d(3, 32), Activation("tanh"), Dropout(0.5), Dense(64)))


def named(figure, name):
    return next((trace for trace in figure.data if trace.name == name), None)


def boxes(figure):
    return [shape for shape in figure.layout.shapes if shape.type == "rect" and shape.fillcolor]


def test_every_chip_is_a_box_in_its_colour_where_its_geometry_says():
    row = chips(NET, Size.LARGE)
    drawn = boxes(snac_figure(NET))
    assert [box.fillcolor for box in drawn] == [chip.colour for chip in row]
    assert [(box.x0, box.x1) for box in drawn] == [(chip.x, chip.x + 32) for chip in row]
    assert [box.y1 - box.y0 for box in drawn] == pytest.approx([32 * chip.height for chip in row])
    assert all((box.y0 + box.y1) / 2 == 16 for box in drawn)


def test_a_transparent_bar_over_each_layer_carries_its_index():
    figure = snac_figure(NET)
    bars, drawn = named(figure, LAYERS), boxes(figure)[:-1]
    assert bars.customdata == (0, 1, 2, 3)
    assert bars.marker.color == "rgba(0,0,0,0)"
    assert list(bars.x) == [(box.x0 + box.x1) / 2 for box in drawn]
    assert list(bars.base) == pytest.approx([box.y0 for box in drawn])
    assert [low + high for low, high in zip(bars.base, bars.y, strict=True)] == pytest.approx([b.y1 for b in drawn])


def test_the_head_can_be_hovered_but_carries_nothing_to_pick():
    head = named(snac_figure(NET), HEAD_BLOCK)
    assert (len(head.x), head.customdata) == (1, None)
    assert head.hovertext[0] == "<b>Head</b><br>output: 10 values<br>650 parameters, 640 multiply-adds"


def test_the_hover_says_layer_output_parameters_and_multiply_adds():
    texts = named(snac_figure(NET), LAYERS).hovertext
    assert texts[0] == "<b>Conv 32x3</b><br>output: 32 channels of 6 x 6<br>320 parameters, 10,368 multiply-adds"
    assert texts[1] == "<b>Tanh</b><br>output: 32 channels of 6 x 6<br>no parameters"


def test_handles_are_at_every_place_where_a_layer_can_be_inserted():
    handles = named(snac_figure(NET, handles=True), HANDLES)
    assert list(handles.customdata) == [["insert", n] for n in range(5)]
    row = chips(NET, Size.LARGE)
    gaps = [0.0, *(chip.x + chip.width + Size.LARGE.gap / 2 for chip in row[:-1])]
    assert list(handles.x) == gaps
    assert handles.hovertext[-1] == "insert before Head"
    assert min(handles.y) > max(box.y1 for box in boxes(snac_figure(NET)))


@pytest.mark.parametrize(("size", "asked"), [(Size.LARGE, False), (Size.MEDIUM, True), (Size.SMALL, True)])
def test_there_are_no_handles_unless_asked_for_and_large(size, asked):
    assert named(snac_figure(NET, size, handles=asked), HANDLES) is None


@pytest.mark.parametrize(
    ("size", "texts"),
    [
        (Size.SMALL, []),
        (Size.MEDIUM, ["<b>C</b>", "<b>D</b>", "<b>H</b>"]),
        (Size.LARGE, ["<b>C</b>", "32 x 3", "Tanh", "0.5", "<b>D</b>", "64", "<b>H</b>", "10"]),
    ],
)
def test_symbols_from_medium_on_and_hyperparameters_in_large(size, texts):
    assert [note.text for note in snac_figure(NET, size).layout.annotations] == texts


def test_an_activation_is_a_glyph_and_a_dropout_has_dots():
    shapes = snac_figure(NET, Size.MEDIUM).layout.shapes
    (dots,) = (shape for shape in shapes if shape.type == "rect" and not shape.fillcolor)
    assert "px" in dots.line.dash
    assert len([shape for shape in shapes if shape.type == "path"]) == 3  # the curve and its two axes


def test_a_block_has_a_glyph_or_where_it_is_small_a_bar_on_its_chip():
    net = Architecture((3, 8, 8), 10, (Residual(32),))
    (_, _), (chip, bar, _) = boxes(snac_figure(net, Size.MEDIUM)), boxes(snac_figure(net, Size.SMALL))
    assert chip.x0 < bar.x0 < bar.x1 < chip.x1
    assert chip.y0 < bar.y0 < bar.y1 < chip.y1


@pytest.mark.parametrize("net", [NET, Architecture((3, 8, 8), 10, (Residual(8), InvertedResidual(8)))])
def test_glyphs_are_on_their_chip(net):
    figure = snac_figure(net)
    chips_drawn = boxes(figure)
    for shape in figure.layout.shapes:
        if shape.type == "path":
            points = [tuple(map(float, point.split(","))) for point in shape.path[1:].split("L")]
            assert any(all(chip.x0 < x < chip.x1 and chip.y0 < y < chip.y1 for x, y in points) for chip in chips_drawn)


def test_chosen_layers_get_the_selections_border():
    edges = [box.line.color for box in boxes(snac_figure(NET, chosen={1, 3}))]
    assert [index for index, edge in enumerate(edges) if edge == SELECTION] == [1, 3]


def test_a_horizontal_box_selects_and_one_unit_is_one_pixel():
    layout = snac_figure(NET, handles=True).layout
    assert (layout.dragmode, layout.selectdirection, layout.clickmode) == ("select", "h", "event")
    assert layout.xaxis.range[1] - layout.xaxis.range[0] == layout.width
    assert layout.yaxis.range[1] - layout.yaxis.range[0] == layout.height
    assert layout.yaxis.scaleanchor == "x"


@pytest.mark.parametrize("size", Size)
def test_a_hover_label_fits_into_every_figure_and_nothing_is_outside(size):
    figure = snac_figure(NET, size, handles=True)
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert figure.layout.height >= 76
    assert all(left <= box.x0 and box.x1 <= right and low <= box.y0 and box.y1 <= high for box in boxes(figure))


def test_the_head_alone_is_drawn():
    figure = snac_figure(Architecture((1, 8, 8), 10, ()), handles=True)
    assert [box.fillcolor for box in boxes(figure)] == [chip_appearance("head").colour]
    assert len(named(figure, LAYERS).x) == 0
    assert list(named(figure, HANDLES).customdata) == [["insert", 0]]


def test_a_repeated_group_has_a_bracket_with_its_number_below_the_labels_only_where_asked_for():
    twice = Architecture((1, 8, 8), 10, (Conv2d(3, 32, padding="same"), Activation("relu")) * 2)
    row = chips(twice, Size.LARGE)
    plain, bracketed = snac_figure(twice), snac_figure(twice, bracketed=True)
    (bracket,) = [shape for shape in bracketed.layout.shapes if shape not in plain.layout.shapes]
    assert bracket.path.startswith(f"M{row[0].x},")
    assert f"H{row[3].x + row[3].width}V" in bracket.path
    assert bracket.path.count("M") == 2  # the bracket, and a tick between its two groups
    (times,) = [note for note in bracketed.layout.annotations if note not in plain.layout.annotations]
    assert times.text == "x 2"
    assert times.y > bracketed.layout.yaxis.range[0]
    assert bracketed.layout.height > plain.layout.height
    assert snac_figure(NET, bracketed=True) == snac_figure(NET)


def test_a_row_is_brushed_unless_it_shall_not_be():
    assert snac_figure(NET).layout.dragmode == "select"
    assert snac_figure(NET, brush=False).layout.dragmode is False
