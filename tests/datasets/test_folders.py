"""Folders of images in either form."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_folders import picture, refusal

from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.readers.folders import read_folder
from remap_core.errors import DatasetError


@pytest.mark.parametrize("folder", ["photos", "drawings"])
def test_a_folder_is_split_and_a_subset_of_it_is_class_balanced(request, folder):
    path = request.getfixturevalue(folder)
    whole, subset = load_dataset(str(path)), load_dataset(f"{path}#20")
    assert (subset.name, subset.class_names) == (f"{path}#20", whole.class_names)
    parts = (subset.train, subset.validation, subset.test)
    assert np.bincount(np.concatenate([part.labels for part in parts])).tolist() == [10, 10]
    sealed = {image.tobytes() for image in whole.test.images}
    assert not sealed & {image.tobytes() for image in whole.train.images}
    assert {image.tobytes() for image in subset.test.images} <= sealed


def test_hidden_files_and_files_next_to_the_classes_are_ignored(photos, drawings):
    for folder in (photos, photos / "cat", drawings):
        (folder / ".DS_Store").write_bytes(b"\0")
        (folder / "._0.png").write_bytes(b"\0")
        (folder / ".ipynb_checkpoints").mkdir()
    for folder in (photos, drawings):
        (folder / "LICENSE").write_text("CC BY 4.0")
    assert len(read_folder(photos)[0].labels) == 20
    assert len(read_folder(drawings)[0].labels) == 50


def test_a_folder_of_neither_or_both_forms_is_rejected(photos, drawings, tmp_path):
    (tmp_path / "loose").mkdir()
    picture().save(tmp_path / "loose" / "0.png")
    rule = "a folder must contain an .npy file or a folder for each class, but it contains"
    assert refusal(tmp_path / "loose") == f"{tmp_path}/loose: {rule} neither."
    (drawings / "pear").mkdir()
    assert refusal(drawings) == f"{drawings}: {rule} both."


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"")
    assert refusal(tmp_path / "a.zip") == f"{tmp_path}/a.zip: there is no such folder or .npz file."


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.data())
def test_any_damage_to_a_file_gives_an_error_of_one_line(photos, drawings, data):
    file = data.draw(st.sampled_from([photos / "cat" / "3.png", drawings / "apple.npy"]))
    content = file.read_bytes()
    at = data.draw(st.integers(0, 200))
    patch = data.draw(st.binary(min_size=1, max_size=8))
    file.write_bytes(content[:at] + patch + content[at + len(patch) :])
    try:
        load_dataset(str(photos if file.suffix == ".png" else drawings))
    except DatasetError as error:
        assert str(error).startswith((f"{file}: ", f"{file.parent}: ", f"{file.parent.parent}: "))
        assert "\n" not in str(error)
    finally:
        file.write_bytes(content)


@pytest.mark.data
def test_real_drawings_are_the_same_from_a_folder_and_an_archive(image_data, tmp_path):
    path = f"{image_data}/quickdraw_test.npz"
    with np.load(path) as archive:
        names, images, labels = (archive[key] for key in ("class_names", "images", "labels"))
    for label, name in enumerate(names):
        np.save(tmp_path / f"full_numpy_bitmap_{name}.npy", images[labels == label].reshape(-1, 784))
    of_folder, of_archive = load_dataset(f"{tmp_path}#700"), load_dataset(f"{path}#700")
    assert of_folder.class_names == of_archive.class_names
    assert {image.tobytes() for image in of_folder.test.images} == {image.tobytes() for image in of_archive.test.images}
