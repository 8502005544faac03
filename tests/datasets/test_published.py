"""Data sets that are downloaded, from a local folder that plays their server."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace
from urllib.error import URLError

import numpy as np
import pytest
from torchvision.datasets import MNIST, FashionMNIST
from torchvision.datasets.mnist import read_image_file, read_label_file

from remap_core.datasets.dataset import load_dataset, to_download
from remap_core.datasets.readers.published import PUBLISHED
from remap_core.datasets.readers.published_sets import download
from remap_core.errors import DatasetError

RNG = np.random.default_rng(0)
LABELS = (np.arange(200) % 10).astype(np.uint8)
GREY = RNG.integers(0, 256, (200, 28, 28), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(head + array.tobytes())


def idx_files() -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte.gz": idx(GREY[:150]),
        "train-labels-idx1-ubyte.gz": idx(LABELS[:150]),
        "t10k-images-idx3-ubyte.gz": idx(GREY[150:]),
        "t10k-labels-idx1-ubyte.gz": idx(LABELS[150:]),
    }


def cifar_files() -> dict[str, bytes]:
    records = np.concatenate([LABELS[:, None], COLOUR.transpose(0, 3, 1, 2).reshape(200, -1)], axis=1)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in (
            ("batches.meta.txt", b"airplane\n"),
            ("data_batch_1.bin", records[:150].tobytes()),
            ("test_batch.bin", records[150:].tobytes()),
        ):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return {"cifar-10-binary.tar.gz": buffer.getvalue()}


FILES = {"mnist": idx_files(), "fashion-mnist": idx_files(), "cifar-10": cifar_files()}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder for each data set, from which it is downloaded."""
    for name, files in FILES.items():
        folder = tmp_path / "server" / name
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        sums = tuple((file, hashlib.md5(content).hexdigest()) for file, content in files.items())  # noqa: S324
        played = replace(PUBLISHED[name], address=f"{folder.as_uri()}/", files=sums)
        monkeypatch.setitem(PUBLISHED, name, played)
    return tmp_path / "server"


def test_torchvision_reads_the_idx_files_of_these_tests(tmp_path):
    (tmp_path / "images").write_bytes(gzip.decompress(idx(GREY)))
    (tmp_path / "labels").write_bytes(gzip.decompress(idx(LABELS)))
    assert (read_image_file(str(tmp_path / "images")).numpy() == GREY).all()
    assert (read_label_file(str(tmp_path / "labels")).numpy() == LABELS).all()


@pytest.mark.parametrize("name", FILES)
def test_images_of_both_published_parts_are_pooled_and_split(server, tmp_path, name):
    dataset = load_dataset(name, tmp_path)
    parts = (dataset.train, dataset.validation, dataset.test)
    assert dataset.classes == 10
    assert [len(part) for part in parts] == [140, 30, 30]
    pixels, labels = (COLOUR, LABELS) if name == "cifar-10" else (GREY[..., np.newaxis], LABELS)
    known = {image.tobytes(): label for image, label in zip(pixels, labels, strict=True)}
    loaded = {image.tobytes(): label for part in parts for image, label in zip(part.images, part.labels, strict=True)}
    assert loaded == known


def test_a_class_balanced_subset_of_a_download_is_taken(server, tmp_path):
    subset = load_dataset("fashion-mnist#100", tmp_path)
    assert (subset.name, subset.class_names[0]) == ("fashion-mnist#100", "T-shirt/top")
    assert sum(map(len, (subset.train, subset.validation, subset.test))) == 100


def test_downloads_stay_in_the_data_folder(server, tmp_path):
    assert to_download("mnist#100", tmp_path) == f"{(server / 'mnist').as_uri()}/"
    load_dataset("mnist", tmp_path)
    assert to_download("mnist#100", tmp_path) == ""
    assert {path.name for path in (tmp_path / "downloads" / "mnist").iterdir()} == set(FILES["mnist"])
    for file in (server / "mnist").iterdir():
        file.unlink()
    assert len(load_dataset("mnist", tmp_path).train) == 140


def test_local_data_sets_are_not_downloaded(tmp_path):
    assert to_download("digits", tmp_path) == to_download("/images.npz", tmp_path) == ""


@pytest.mark.parametrize("name", FILES)
def test_without_internet_the_error_says_what_was_tried_and_what_to_do(tmp_path, monkeypatch, name):
    def refuse(address, timeout):
        raise URLError("Name or service not known")

    monkeypatch.setattr(download, "urlopen", refuse)
    with pytest.raises(DatasetError) as refused:
        load_dataset(name, tmp_path)
    source = PUBLISHED[name]
    assert str(refused.value) == (
        f"{source.address}{source.files[0][0]} cannot be downloaded "
        "(URLError: <urlopen error Name or service not known>): "
        f"connect this machine to the internet, or put {', '.join(file for file, _ in source.files)} "
        f"from there into {tmp_path}/downloads/{name}."
    )


def test_a_damaged_download_is_rejected_and_not_saved(server, tmp_path):
    file = server / "cifar-10" / "cifar-10-binary.tar.gz"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"cifar-10-binary\.tar\.gz gave a file whose MD5 is \w+, but must be \w+: "):
        load_dataset("cifar-10", tmp_path)
    assert list((tmp_path / "downloads" / "cifar-10").iterdir()) == []


def test_a_file_that_was_damaged_on_disk_is_downloaded_again(server, tmp_path):
    load_dataset("cifar-10", tmp_path)
    file = tmp_path / "downloads" / "cifar-10" / "cifar-10-binary.tar.gz"
    file.write_bytes(file.read_bytes()[:100])
    assert len(load_dataset("cifar-10", tmp_path).train) == 140


def test_only_missing_files_are_downloaded(server, tmp_path):
    load_dataset("mnist", tmp_path)
    for file in (server / "mnist").glob("train*"):
        file.unlink()
    (tmp_path / "downloads" / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    assert len(load_dataset("mnist", tmp_path).train) == 140


def test_a_folder_that_cannot_be_written_is_an_error(server, tmp_path):
    (tmp_path / "downloads").write_text("")
    with pytest.raises(DatasetError, match=r"downloads/mnist/train-images-idx3-ubyte\.gz cannot be written: Not a dir"):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize(("name", "known"), [("mnist", MNIST), ("fashion-mnist", FashionMNIST)])
def test_addresses_and_checksums_are_those_of_torchvision(name, known):
    assert PUBLISHED[name].address in known.mirrors
    assert list(PUBLISHED[name].files) == known.resources


def test_the_classes_of_fashion_mnist_are_those_of_torchvision():
    assert list(PUBLISHED["fashion-mnist"].class_names) == FashionMNIST.classes
