"""Search spaces in a notebook: REMAP's own by name, a person's own by the path of its file."""

from pathlib import Path

import pytest

import remap_core as remap
from remap_core.errors import InvalidSpace

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "small-colour.toml"


@pytest.mark.parametrize("name", [str(EXAMPLE), EXAMPLE])
def test_a_space_of_ones_own_is_read_sampled_and_drawn(name):
    assert remap.spaces[name].name == "small-colour"
    designs = remap.sample(name, input_shape=(3, 32, 32), classes=10, n=5)
    assert {design.space for design in designs} == {"small-colour"}
    assert max(design.parameters for design in designs) <= 150_000
    assert [trace.name for trace in remap.spaces.plot(name).data][-1] == "steps"


def test_what_is_sampled_keeps_to_the_caps_that_are_passed():
    designs = remap.sample(
        "mobile", input_shape=(3, 96, 96), classes=10, n=5, max_multiply_adds=10_000_000, max_activation_memory=300
    )
    assert max(design.multiply_adds for design in designs) <= 10_000_000
    assert max(design.architecture.peak_values for design in designs) <= 300 * 1024


def test_a_file_with_a_fault_is_one_sentence(tmp_path):
    (tmp_path / "mine.toml").write_text("name = 'mine'")
    with pytest.raises(InvalidSpace, match=r"mine\.toml: steps is missing: it must be a table\."):
        remap.spaces[tmp_path / "mine.toml"]


def test_a_trained_model_keeps_the_name_of_its_space(tmp_path):
    lab = remap.open(tmp_path, dataset="digits#200", epochs=1)
    lab.train(remap.sample("modern", dataset="digits#200", n=1, max_parameters=20_000), progress=False)
    (model,) = lab.models
    assert lab.workspace.catalogue.spaces(lab.dataset) == ["modern"]
    assert model.recorded.trial.proposal.space == "modern"
