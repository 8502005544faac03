"""Designs of files and baselines, as notebooks ask for them."""

import pytest

import remap_core as remap
from remap_core.errors import InvalidArchitecture, InvalidArgument


def test_a_file_is_a_design_that_remembers_where_it_is_from(tmp_path):
    (tmp_path / "net.txt").write_text("Conv 4x3, ReLU")
    design = remap.read(tmp_path / "net.txt", dataset="digits")
    assert (design.text, design.source) == ("Conv 4x3, ReLU", "import net.txt")
    assert design.append("Dense 16").source == ""


def test_a_file_for_other_images_is_refused(tmp_path):
    (tmp_path / "net.json").write_text('{"input_shape": [1, 28, 28], "classes": 10, "layers": []}')
    with pytest.raises(
        InvalidArchitecture, match=r"net\.json: it takes images of 1 x 28 x 28, but digits has 1 x 8 x 8"
    ):
        remap.read(tmp_path / "net.json", dataset="digits")


def test_a_path_is_a_path():
    with pytest.raises(InvalidArgument, match="path must be a file's path, but got 3"):
        remap.read(3)


def test_all_baselines_fit_images_of_28_by_28():
    designs = remap.baselines(input_shape=(1, 28, 28), classes=10)
    assert [design.source for design in designs] == [
        f"baseline {name}" for name in ("LeNet-5", "ResNet-20", "REMAP-1", "REMAP-2", "REMAP-3")
    ]
    assert designs.notes == ()


def test_a_named_baseline_that_does_not_fit_is_an_error_and_another_name_too():
    with pytest.raises(InvalidArchitecture, match="LeNet-5 does not fit images of 1 x 8 x 8"):
        remap.baselines("LeNet-5", dataset="digits")
    with pytest.raises(InvalidArgument, match="did you mean LeNet-5"):
        remap.baselines("LeNet5", dataset="digits")
