from fractions import Fraction

import pytest

from remap_core.errors import InvalidArchitecture
from remap_core.space.grid import layers_of
from remap_core.space.layers import offered_layers
from remap_core.space.search_spaces import REMAP_2019, SPACES, SearchSpace


@pytest.mark.parametrize("space", SPACES.values())
def test_the_rows_of_a_transition_matrix_sum_to_one(space):
    for matrix in (space.on_images, space.on_vectors):
        assert all(sum(row.values()) == 1 for row in matrix.values())


def test_the_papers_chain_is_the_published_one():
    twelfth, eighth = Fraction(1, 12), Fraction(1, 8)
    assert REMAP_2019.on_images["start"]["conv"] == 6 * twelfth
    assert REMAP_2019.on_images["start"]["pool"] == 2 * twelfth
    assert REMAP_2019.on_images["conv"] == {
        "act": 3 * eighth,
        **dict.fromkeys(("conv", "drop", "pool", "dense", "stop"), eighth),
    }
    assert REMAP_2019.on_vectors["drop"] == {"dense": Fraction(1, 2), "stop": Fraction(1, 2)}
    assert {step: len(layers) for step, layers in REMAP_2019.grid.items()} == {
        "conv": 12,
        "pool": 6,
        "dense": 4,
        "drop": 7,
        "act": 3,
    }


def test_a_space_whose_row_does_not_sum_to_one_is_refused():
    half = {"start": {"stop": Fraction(1, 2)}}
    with pytest.raises(InvalidArchitecture, match="Row start of broken must sum to 1"):
        SearchSpace("broken", {}, half, {})


def test_every_layer_of_a_space_is_offered_for_handcrafting_too():
    assert set(layers_of(*SPACES.values())) <= set(offered_layers())
