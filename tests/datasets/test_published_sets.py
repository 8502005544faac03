"""Published data sets by name: tiny files in their authors' forms, and a folder that plays all servers."""

import gzip
import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torchvision.datasets
from PIL import Image
from scipy.io import savemat

from remap_core.datasets.readers.published_sets import download, torchvision_child, torchvision_download
from remap_core.datasets.readers.published_sets.medmnist import MEDICAL
from remap_core.datasets.readers.published_sets.sources import PUBLISHED_SOURCES, find_published, to_download
from remap_core.datasets.readers.published_sets.torchvision_download import CLASSES_FILE, TorchvisionDownload
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (60, 28, 28), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8)
LABELS = (np.arange(60) % 10).astype(np.uint8)
TRAIN = slice(0, 40)
TEST = slice(40, 60)
BY_TORCHVISION = {
    name: source for name, source in PUBLISHED_SOURCES.items() if isinstance(source.download, TorchvisionDownload)
}


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(head + array.tobytes())


def encoded(pixels, form):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def matlab(**arrays):
    buffer = io.BytesIO()
    savemat(buffer, arrays)
    return buffer.getvalue()


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def mnist_files():
    return {
        "train-images-idx3-ubyte.gz": idx(GREY[TRAIN]),
        "train-labels-idx1-ubyte.gz": idx(LABELS[TRAIN]),
        "t10k-images-idx3-ubyte.gz": idx(GREY[TEST]),
        "t10k-labels-idx1-ubyte.gz": idx(LABELS[TEST]),
    }


def emnist_files():
    members = {}
    letters = (np.arange(60) % 26 + 1).astype(np.uint8)
    others = np.resize(np.array([0, 1, 10, 36, 46], np.uint8), 60)
    for split, labels in {"letters": letters, "balanced": others, "digits": LABELS, "byclass": others}.items():
        for part, rows in (("train", TRAIN), ("test", TEST)):
            members[f"gzip/emnist-{split}-{part}-images-idx3-ubyte.gz"] = idx(GREY[rows].swapaxes(1, 2).copy())
            members[f"gzip/emnist-{split}-{part}-labels-idx1-ubyte.gz"] = idx(labels[rows])
    return {"gzip.zip": zipped(members)}


def svhn_files():
    digits = LABELS.astype(int)
    digits[digits == 0] = 10
    return {
        f"{split}_32x32.mat": matlab(X=np.moveaxis(COLOUR[rows], 0, -1), y=digits[rows, np.newaxis].astype(np.uint8))
        for split, rows in (("train", TRAIN), ("test", TEST))
    }


def cifar_100_files():
    fine = (np.arange(60) % 5).tolist()
    planes = COLOUR.transpose(0, 3, 1, 2).reshape(60, -1)
    members = {
        f"cifar-100-python/{split}": pickle.dumps(
            {b"data": planes[rows], b"fine_labels": fine[rows], b"coarse_labels": [0] * len(fine[rows])}, 2
        )
        for split, rows in (("train", TRAIN), ("test", TEST))
    }
    names = {b"fine_label_names": [f"fine {number}" for number in range(5)], b"coarse_label_names": ["all"]}
    members["cifar-100-python/meta"] = pickle.dumps(names, 2)
    return {"cifar-100-python.tar.gz": tarred(members)}


LARGE = RNG.integers(0, 256, (60, 96, 96, 3), dtype=np.uint8)


def stl_10_files():
    members = {"stl10_binary/class_names.txt": b"airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n"}
    for split, rows in (("train", TRAIN), ("test", TEST)):
        members[f"stl10_binary/{split}_X.bin"] = LARGE[rows].transpose(0, 3, 2, 1).tobytes()
        members[f"stl10_binary/{split}_y.bin"] = (LABELS[rows] + 1).tobytes()
    members["stl10_binary/unlabeled_X.bin"] = LARGE[:1].tobytes()
    return {"stl10_binary.tar.gz": tarred(members)}


def imagenette_files():
    folders = torchvision.datasets.Imagenette._WNID_TO_CLASS
    members = {}
    for number, folder in enumerate(folders):
        for part, rows in (("train", range(4)), ("val", range(4, 6))):
            for row in rows:
                image = encoded(LARGE[number + 10 * row], "JPEG")
                members[f"imagenette2-160/{part}/{folder}/{folder}_{row}.JPEG"] = image
    return {"imagenette2-160.tgz": tarred(members)}


def flowers_files():
    photos = {f"jpg/image_{row + 1:05d}.jpg": encoded(LARGE[row], "JPEG") for row in range(60)}
    return {
        "102flowers.tgz": tarred(photos),
        "imagelabels.mat": matlab(labels=LABELS[np.newaxis] + 1),
        "setid.mat": matlab(
            trnid=np.arange(1, 31)[np.newaxis], valid=np.arange(31, 41)[np.newaxis], tstid=np.arange(41, 61)[np.newaxis]
        ),
    }


def eurosat_files():
    members = {
        f"2750/{name}/{name}_{row}.jpg": encoded(COLOUR[row], "JPEG")
        for name in ("Forest", "River")
        for row in range(30)
    }
    return {"EuroSAT.zip": zipped(members)}


def gtsrb_files():
    training = {
        f"GTSRB/Training/{label:05d}/{row:05d}.ppm": encoded(COLOUR[row], "PPM")
        for row, label in enumerate(LABELS[TRAIN].tolist())
    }
    training["GTSRB/Training/00000/GT-00000.csv"] = b"Filename;ClassId\n"
    tests = {f"GTSRB/Final_Test/Images/{row:05d}.ppm": encoded(COLOUR[40 + row], "PPM") for row in range(20)}
    lines = [f"{row:05d}.ppm;32;32;0;0;32;32;{label}" for row, label in enumerate(LABELS[TEST].tolist())]
    table = "\n".join(["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId", *lines])
    return {
        "GTSRB-Training_fixed.zip": zipped(training),
        "GTSRB_Final_Test_Images.zip": zipped(tests),
        "GTSRB_Final_Test_GT.zip": zipped({"GT-final_test.csv": table}),
    }


FILES = {
    "kmnist": mnist_files,
    "emnist": emnist_files,
    "svhn": svhn_files,
    "cifar-100": cifar_100_files,
    "stl-10": stl_10_files,
    "imagenette": imagenette_files,
    "flowers-102": flowers_files,
    "eurosat": eurosat_files,
    "gtsrb": gtsrb_files,
}


@pytest.fixture
def servers(monkeypatch):
    """Plays what torchvision downloads from; the addresses that were asked for, with their checksums."""
    asked = []

    def place(url, root, filename=None, md5=None, max_redirect_hops=3):
        asked.append((url, md5))
        name = filename or url.rpartition("/")[2]
        files = next(files for make in FILES.values() if name in (files := make()))
        Path(root).mkdir(parents=True, exist_ok=True)
        (Path(root) / name).write_bytes(files[name])

    def run(arguments, folder):
        return torchvision_child.main(arguments[1], Path(arguments[2])), ""

    flowers = {key: (name, None) for key, (name, _) in torchvision.datasets.Flowers102._file_dict.items()}
    monkeypatch.setattr(torchvision.datasets.utils, "download_url", place)
    monkeypatch.setattr(torchvision.datasets.flowers102, "download_url", place)
    monkeypatch.setattr(torchvision.datasets.Flowers102, "_file_dict", flowers)
    monkeypatch.setattr(torchvision_download, "_run_child", run)
    monkeypatch.setattr(tarfile.TarFile, "extraction_filter", staticmethod(tarfile.data_filter), raising=False)
    return asked


def parts_of(found):
    return {part: int(np.count_nonzero(found.parts == part)) for part in Part if (found.parts == part).any()}


def pixels_of(found, place):
    return np.asarray(found.pictures.open(place)).reshape(-1).tolist()


@pytest.mark.parametrize(
    ("name", "classes", "parts"),
    [
        ("kmnist", ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"), {Part.TRAIN: 40, Part.TEST: 20}),
        ("emnist-letters", tuple("abcdefghijklmnopqrstuvwxyz"), {Part.TRAIN: 40, Part.TEST: 20}),
        ("emnist-digits", tuple("0123456789"), {Part.TRAIN: 40, Part.TEST: 20}),
        ("emnist-balanced", tuple("01Aat"), {Part.TRAIN: 40, Part.TEST: 20}),
        ("svhn", tuple("0123456789"), {Part.TRAIN: 40, Part.TEST: 20}),
        ("cifar-100", tuple(f"fine {number}" for number in range(5)), {Part.TRAIN: 40, Part.TEST: 20}),
        (
            "stl-10",
            ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
            {Part.TRAIN: 40, Part.TEST: 20},
        ),
        (
            "imagenette",
            tuple(names[0] for names in torchvision.datasets.Imagenette._WNID_TO_CLASS.values()),
            {Part.TRAIN: 40, Part.VALIDATION: 20},
        ),
        (
            "flowers-102",
            tuple(sorted(torchvision.datasets.Flowers102.classes[:10])),
            {Part.TRAIN: 30, Part.VALIDATION: 10, Part.TEST: 20},
        ),
        ("gtsrb", tuple(f"{number:02d}" for number in range(10)), {Part.TRAIN: 40, Part.TEST: 20}),
    ],
)
def test_a_published_set_is_downloaded_and_found_with_its_authors_split(servers, tmp_path, name, classes, parts):
    found = find_published(name, tmp_path)
    assert found.class_names == classes
    assert parts_of(found) == parts
    assert len(found.pictures) == len(found.labels) == 60
    assert found.form == f"{name} as published"


def test_eurosat_has_classes_and_no_split(servers, tmp_path):
    found = find_published("eurosat", tmp_path)
    assert (found.class_names, found.parts) == (("Forest", "River"), None)
    assert np.bincount(found.labels).tolist() == [30, 30]


@pytest.mark.parametrize(
    ("name", "place", "pixels"),
    [
        ("kmnist", 0, GREY[0]),
        ("emnist-letters", 0, GREY[0]),
        ("svhn", 41, COLOUR[41]),
        ("cifar-100", 3, COLOUR[3]),
        ("stl-10", 2, LARGE[2]),
        ("gtsrb", 40, COLOUR[40]),
    ],
)
def test_pixels_are_as_they_were_and_upright(servers, tmp_path, name, place, pixels):
    assert pixels_of(find_published(name, tmp_path), place) == pixels.reshape(-1).tolist()


def test_each_image_keeps_its_class(servers, tmp_path):
    svhn = find_published("svhn", tmp_path)
    assert [svhn.class_names[label] for label in svhn.labels] == [str(label) for label in LABELS]
    flowers = find_published("flowers-102", tmp_path)
    names = torchvision.datasets.Flowers102.classes
    assert flowers.pictures.name(0) == "image_00001.jpg"
    assert [flowers.class_names[label] for label in flowers.labels] == [names[label] for label in LABELS]
    signs = find_published("gtsrb", tmp_path)
    tests = signs.labels[signs.parts == Part.TEST]
    assert [signs.class_names[label] for label in tests] == [f"{label:02d}" for label in LABELS[TEST]]


@pytest.mark.parametrize("name", BY_TORCHVISION)
def test_the_addresses_that_are_shown_are_those_of_torchvision(servers, tmp_path, name):
    source = PUBLISHED_SOURCES[name]
    assert to_download(name, tmp_path) == source.download.address
    source.download.fetch(tmp_path / "downloads" / source.folder)
    assert to_download(name, tmp_path) == ""
    assert [url for url, _ in servers] == [source.download.address + file for file in source.download.files]
    placed = tmp_path / "downloads" / source.folder / source.download.inside
    assert all((placed / file).is_file() for file in source.download.files)


def test_a_download_that_is_complete_is_not_made_again(servers, tmp_path):
    find_published("emnist-letters", tmp_path)
    find_published("emnist-digits", tmp_path)
    assert len(servers) == 1


def test_what_an_interrupted_download_left_is_unpacked_again(servers, tmp_path):
    half = tmp_path / "downloads" / "eurosat" / "eurosat" / "2750" / "Forest"
    half.mkdir(parents=True)
    assert to_download("eurosat", tmp_path) != ""
    assert len(find_published("eurosat", tmp_path).labels) == 60


def test_a_split_that_is_not_in_the_archive_is_a_sentence(servers, tmp_path):
    with pytest.raises(DatasetError, match=r"emnist-bymerge: there is no such file\."):
        find_published("emnist-bymerge", tmp_path)


def test_damaged_files_are_a_sentence_with_advice(servers, tmp_path):
    find_published("svhn", tmp_path)
    (tmp_path / "downloads" / "svhn" / "train_32x32.mat").write_bytes(b"MATLAB")
    with pytest.raises(
        DatasetError, match=r"^The files of svhn are damaged \(.*\): delete .*/downloads/svhn, and they"
    ):
        find_published("svhn", tmp_path)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (URLError("no route"), 1, "URLError: <urlopen error no route>"),
        (RuntimeError("File not found or corrupted."), 1, "a file has another MD5 checksum than the published one"),
        (OSError(28, "No space left on device"), 3, "No space left on device"),
    ],
)
def test_the_child_says_why_a_download_failed(monkeypatch, tmp_path, capsys, error, code, said):
    def fail(folder):
        raise error

    monkeypatch.setattr(tarfile.TarFile, "extraction_filter", None, raising=False)
    monkeypatch.setitem(torchvision_child.DOWNLOADS, "kmnist", fail)
    assert torchvision_child.main("kmnist", tmp_path) == code
    assert capsys.readouterr().out == said
    assert not (tmp_path / CLASSES_FILE).exists()


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            (1, "URLError: no route"),
            "gtsrb cannot be downloaded from https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/ "
            "(URLError: no route): connect this machine to the internet, or put GTSRB-Training_fixed.zip, "
            "GTSRB_Final_Test_Images.zip, GTSRB_Final_Test_GT.zip from there into {home}/downloads/gtsrb/gtsrb.",
        ),
        ((3, "No space left on device"), "gtsrb cannot be written to {home}/downloads/gtsrb: No space left on device."),
        ((-9, ""), "(the download ended with exit code -9)"),
    ],
)
def test_a_failed_download_is_one_sentence_with_advice(monkeypatch, tmp_path, result, sentence):
    monkeypatch.setattr(torchvision_download, "_run_child", lambda arguments, folder: result)
    with pytest.raises(DatasetError) as refused:
        find_published("gtsrb", tmp_path)
    assert sentence.format(home=tmp_path) in str(refused.value)


def test_without_internet_a_published_set_is_refused_and_torch_stays_out_of_the_process(tmp_path):
    program = """
import sys
from pathlib import Path
from remap_core.datasets.readers.published_sets.sources import find_published
from remap_core.errors import DatasetError
try:
    find_published("kmnist", Path(sys.argv[1]))
except DatasetError as error:
    print(error)
sys.exit(bool({"torch", "torchvision"} & set(sys.modules)))
"""
    nowhere = "http://127.0.0.1:9"
    environment = {"http_proxy": nowhere, "https_proxy": nowhere, "PYTHONPATH": ":".join(sys.path), "no_proxy": ""}
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, env=environment, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(
        "kmnist cannot be downloaded from http://codh.rois.ac.jp/kmnist/dataset/kmnist/ (URLErr"
    )


def test_a_set_that_is_there_is_read_without_torch(servers, tmp_path):
    find_published("cifar-100", tmp_path)
    program = """
import sys
from pathlib import Path
from remap_core.datasets.readers.published_sets.sources import find_published
found = find_published("cifar-100", Path(sys.argv[1]))
sys.exit(len(found.labels) != 60 or bool({"torch", "torchvision"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == 0


def test_a_child_that_takes_long_is_logged(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(torchvision_download, "LOG_SECONDS", 0.01)
    (tmp_path / "part").write_bytes(bytes(2_000_000))
    with caplog.at_level("INFO"):
        code, said = torchvision_download._run_child(["platform"], tmp_path)
    assert code == 0
    assert said
    assert "2 MB received and unpacked" in caplog.messages


@pytest.mark.parametrize("name", MEDICAL)
def test_medmnist_is_found_with_its_authors_split_and_classes(monkeypatch, tmp_path, name):
    class_names = MEDICAL[name].class_names
    arrays = {}
    for split in ("train", "val", "test"):
        arrays[f"{split}_images"] = GREY[: 4 * len(class_names)]
        arrays[f"{split}_labels"] = (np.arange(4 * len(class_names)) % len(class_names))[:, np.newaxis]
    server = tmp_path / "server"
    server.mkdir()
    np.savez(server / f"{name}.npz", **arrays)
    md5 = hashlib.md5((server / f"{name}.npz").read_bytes()).hexdigest()  # noqa: S324
    source = PUBLISHED_SOURCES[name]
    assert source.download.address == to_download(name, tmp_path) == "https://zenodo.org/records/10519652/files/"
    played = replace(source.download, address=f"{server.as_uri()}/", files=((f"{name}.npz", md5),), query="")
    monkeypatch.setitem(PUBLISHED_SOURCES, name, replace(source, download=played))
    found = find_published(name, tmp_path)
    assert found.class_names == class_names
    each = 4 * len(class_names)
    assert parts_of(found) == {Part.TRAIN: each, Part.VALIDATION: each, Part.TEST: each}


def test_the_address_of_medmnist_asks_for_a_download(monkeypatch, tmp_path):
    asked = []

    def refuse(address, timeout):
        asked.append(address)
        raise URLError("no route")

    monkeypatch.setattr(download, "urlopen", refuse)
    with pytest.raises(DatasetError, match=r"put pathmnist\.npz from there into .*/downloads/pathmnist\.$"):
        find_published("pathmnist", tmp_path)
    assert asked == ["https://zenodo.org/records/10519652/files/pathmnist.npz?download=1"]


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar-10"])
def test_the_sets_that_load_by_name_are_also_found_with_their_authors_split(monkeypatch, tmp_path, name):
    if name == "cifar-10":
        records = np.concatenate([LABELS[:, None], COLOUR.transpose(0, 3, 1, 2).reshape(60, -1)], axis=1)
        batches = {"b/data_batch_1.bin": records[TRAIN].tobytes(), "b/test_batch.bin": records[TEST].tobytes()}
        files = {"cifar-10-binary.tar.gz": tarred(batches)}
    else:
        files = mnist_files()
    folder = tmp_path / "downloads" / name
    folder.mkdir(parents=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    source = PUBLISHED_SOURCES[name]
    sums = tuple((file, hashlib.md5(content).hexdigest()) for file, content in files.items())  # noqa: S324
    monkeypatch.setitem(PUBLISHED_SOURCES, name, replace(source, download=replace(source.download, files=sums)))
    found = find_published(name, tmp_path)
    assert found.class_names == source.download.class_names
    assert parts_of(found) == {Part.TRAIN: 40, Part.TEST: 20}
    pixels = COLOUR if name == "cifar-10" else GREY
    assert pixels_of(found, 40) == pixels[40].reshape(-1).tolist()
    assert found.labels.tolist() == LABELS.tolist()
