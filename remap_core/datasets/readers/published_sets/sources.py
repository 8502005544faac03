"""Published data sets by the names under which they can be added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from remap_core.datasets.readers.found import Found
from remap_core.datasets.readers.published import PUBLISHED, read_cifar_10
from remap_core.datasets.readers.published_sets import layouts
from remap_core.datasets.readers.published_sets.download import Download
from remap_core.datasets.readers.published_sets.medmnist import MEDICAL, medical_download
from remap_core.datasets.readers.published_sets.torchvision_download import TorchvisionDownload
from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError

Read = Callable[[Path], Found]
ReadNamed = Callable[[Path, Sequence[str]], Found]


@dataclass(frozen=True)
class PublishedSource:
    """A data set that can be added by its name.

    read: its images from the folder of the download. folder: the name of that folder.
    """

    download: Download | TorchvisionDownload
    read: Read
    folder: str


def is_published(source: str | Path) -> bool:
    """Whether a source is the name of a published data set, and no file or folder of that name is here."""
    return isinstance(source, str) and source in PUBLISHED_SOURCES and not Path(source).exists()


def find_published(name: str, home: Path) -> Found:
    """The images of a data set of PUBLISHED_SOURCES, which is downloaded into the data folder `home` if needed.

    The authors' split is kept. Raises DatasetError with what was tried and what to do.
    """
    source = PUBLISHED_SOURCES[name]
    folder = _folder(source, home)
    source.download.fetch(folder)
    try:
        found = source.read(folder)
    except DatasetError:
        raise
    except Exception as error:  # damaged files can raise nearly anything
        raise DatasetError(
            f"The files of {name} are damaged ({reason(error)}): delete {folder.absolute()}, and they are downloaded "
            "again."
        ) from error
    return replace(found, form=f"{name} as published")


def to_download(name: str, home: Path) -> str:
    """The address that `find_published` would download from, or an empty string."""
    source = PUBLISHED_SOURCES[name]
    if source.download.is_complete(_folder(source, home)):
        return ""
    return source.download.address


def _folder(source: PublishedSource, home: Path) -> Path:
    return home / "downloads" / source.folder


def _by_torchvision(read: Read, download: TorchvisionDownload) -> PublishedSource:
    return PublishedSource(download, read, download.name)


def _named_by_torchvision(name: str, read: ReadNamed, download: TorchvisionDownload) -> PublishedSource:
    """A data set whose files do not tell the names of its classes."""

    def read_with_names(folder: Path) -> Found:
        return read(folder, download.class_names(folder, name))

    return PublishedSource(download, read_with_names, download.name)


def _of_mnists_form(name: str) -> PublishedSource:
    published = PUBLISHED[name]
    read = partial(layouts.read_mnist, class_names=published.class_names)
    return PublishedSource(published, read, name)


def _medical(name: str) -> PublishedSource:
    read = partial(layouts.read_medmnist, name, class_names=MEDICAL[name].class_names)
    return PublishedSource(medical_download(name), read, name)


_IDX_FILES = tuple(file for file, _ in PUBLISHED["mnist"].files)
_EMNIST = TorchvisionDownload(
    name="emnist",
    address="https://biometrics.nist.gov/cs_links/EMNIST/",
    files=("gzip.zip",),
)
_EMNIST_SPLITS = ("emnist-balanced", "emnist-letters", "emnist-digits", "emnist-byclass", "emnist-bymerge")

PUBLISHED_SOURCES: dict[str, PublishedSource] = {
    "mnist": _of_mnists_form("mnist"),
    "fashion-mnist": _of_mnists_form("fashion-mnist"),
    "kmnist": _named_by_torchvision(
        "kmnist",
        layouts.read_mnist,
        TorchvisionDownload(
            name="kmnist",
            address="http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            files=_IDX_FILES,
        ),
    ),
    **{name: _named_by_torchvision(name, partial(layouts.read_emnist, name), _EMNIST) for name in _EMNIST_SPLITS},
    "svhn": _by_torchvision(
        layouts.read_svhn,
        TorchvisionDownload(
            name="svhn",
            address="http://ufldl.stanford.edu/housenumbers/",
            files=("train_32x32.mat", "test_32x32.mat"),
        ),
    ),
    "cifar-10": PublishedSource(PUBLISHED["cifar-10"], read_cifar_10, "cifar-10"),
    "cifar-100": _by_torchvision(
        layouts.read_cifar_100,
        TorchvisionDownload(
            name="cifar-100",
            address="https://www.cs.toronto.edu/~kriz/",
            files=("cifar-100-python.tar.gz",),
        ),
    ),
    "stl-10": _by_torchvision(
        layouts.read_stl_10,
        TorchvisionDownload(
            name="stl-10",
            address="http://ai.stanford.edu/~acoates/stl10/",
            files=("stl10_binary.tar.gz",),
        ),
    ),
    "imagenette": _named_by_torchvision(
        "imagenette",
        layouts.read_imagenette,
        TorchvisionDownload(
            name="imagenette",
            address="https://s3.amazonaws.com/fast-ai-imageclas/",
            files=("imagenette2-160.tgz",),
        ),
    ),
    "flowers-102": _named_by_torchvision(
        "flowers-102",
        layouts.read_flowers,
        TorchvisionDownload(
            name="flowers-102",
            address="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
            files=("102flowers.tgz", "imagelabels.mat", "setid.mat"),
            inside="flowers-102",
        ),
    ),
    "eurosat": _by_torchvision(
        layouts.read_eurosat,
        TorchvisionDownload(
            name="eurosat",
            address="https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/",
            files=("EuroSAT.zip",),
            inside="eurosat",
        ),
    ),
    "gtsrb": _by_torchvision(
        layouts.read_gtsrb,
        TorchvisionDownload(
            name="gtsrb",
            address="https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/",
            files=("GTSRB-Training_fixed.zip", "GTSRB_Final_Test_Images.zip", "GTSRB_Final_Test_GT.zip"),
            inside="gtsrb",
        ),
    ),
    **{name: _medical(name) for name in MEDICAL},
}
"""Downloads go into `downloads` of a data folder; those of EMNIST share one archive."""
