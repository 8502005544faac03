import pytest
from hypothesis import given
from strategies import architectures

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture
from remap_core.space.edit_marks import marks
from remap_core.space.edits import Layers, Merge, apply_all, edit_from_json
from remap_core.space.layers import Conv2d, Dense
from remap_core.space.merges import merges
from remap_core.space.text import layers_text, parse_layers


def merged(text, channels=1):
    found = merges(Architecture((channels, 28, 28), 10, parse_layers(text)))
    return [layers_text(candidate.child.layers) for candidate in found]


@pytest.mark.parametrize(
    ("text", "children"),
    [
        ("Conv 64x3, Conv 16x3, ReLU", ["Conv 16x5, ReLU"]),
        (
            "Dense 64, Dense 32, ReLU, Dense 16, Dense 8",
            ["Dense 32, ReLU, Dense 16, Dense 8", "Dense 64, Dense 32, ReLU, Dense 8"],
        ),
        ("Conv 64x1, AvgPool 2, Conv 16x1, Tanh", ["Conv 16x2 stride 2, Tanh"]),
        ("Conv 16x3, ReLU, Conv 16x3", []),
        ("AvgPool 2, AvgPool 2, ReLU", []),
        ("", []),
    ],
)
def test_linear_layers_in_a_row_become_one(text, children):
    assert [child for child in merged(text) if child in children] == children
    assert bool(merged(text)) == bool(children)


@given(architectures())
def test_a_merge_is_one_edit_that_can_be_stored_and_needs_no_more_parameters(architecture):
    for found in merges(architecture):
        (edit,) = found.edits
        assert edit_from_json(edit.to_json()) == edit
        assert apply_all(architecture, found.edits) == found.child
        assert found.child.parameters <= architecture.parameters
        assert len(found.child.layers) == len(architecture.layers) - edit.layers + 1
        assert found.child.output_shapes[edit.index :] == architecture.output_shapes[edit.index + edit.layers - 1 :]


def test_the_merged_layer_is_marked_and_what_followed_keeps_its_marks():
    chain = Layers(parse_layers("Conv 8x3, Conv 8x3, ReLU, Dense 4"))
    assert marks(chain, [Merge(0, 2, Conv2d(5, 8))]).changed == {0}
    assert marks(chain, [Merge(0, 2, Conv2d(5, 8)), Merge(1, 2, Dense(9))]).changed == {0, 1}


@pytest.mark.parametrize(("index", "layers"), [(0, 1), (0, 3), (2, 2), (0, "2")])
def test_a_merge_of_layers_that_are_not_there_is_refused(index, layers):
    chain = parse_layers("Dense 4, Dense 8")
    with pytest.raises(InvalidArchitecture, match=r"at least 2 layers|no layer 3"):
        Merge(index, layers, Dense(8)).edited(chain)
