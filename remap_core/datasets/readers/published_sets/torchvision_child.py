"""Downloads with torchvision's addresses and checksums, in a process of its own: `python -m ... NAME FOLDER`.

Torchvision imports torch, which no process but a training's does; this module is run, and never imported. Data sets
are downloaded and unpacked here, and read elsewhere: torchvision unpickles CIFAR. At the end CLASSES_FILE tells that
the download is complete, and the names of classes that are in no other file.
"""

from __future__ import annotations

import errno
import json
import shutil
import socket
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from remap_core.datasets.readers.published_sets.torchvision_download import CANNOT_WRITE, CLASSES_FILE, FAILED
from remap_core.datasets.rules import reason
from remap_core.system.files import write_file

TIMEOUT_SECONDS = 30.0
"""How long to wait for a server that sends nothing."""
IMAGENETTE_SIZE = "160px"
_UNPACKED = ("eurosat/2750", "gtsrb/GTSRB", "imagenette2-160", "flowers-102/jpg")
"""What torchvision takes for complete as soon as it is there, even if unpacking it was interrupted."""
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EEXIST)

Classes = dict[str, list[str]]
"""The names of the classes of each data set of a download; none where its files tell them."""


def main(name: str, folder: Path) -> int:
    """Download a data set; 0 if it is complete. Else the standard output gets the reason, without a full stop."""
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    tarfile.TarFile.extraction_filter = staticmethod(tarfile.data_filter)
    for unpacked in _UNPACKED:
        shutil.rmtree(folder / unpacked, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        classes = DOWNLOADS[name](folder)
        write_file(folder / CLASSES_FILE, json.dumps(classes).encode())
    except OSError as error:
        if error.errno in _DISK:
            sys.stdout.write(str(error.strerror))
            return CANNOT_WRITE
        sys.stdout.write(reason(error))
        return FAILED
    except Exception as error:  # a library's, of any kind
        why = reason(error)
        if "corrupted" in why:
            why = "a file has another MD5 checksum than the published one"
        sys.stdout.write(why)
        return FAILED
    return 0


def _kmnist(folder: Path) -> Classes:
    from torchvision.datasets import KMNIST
    from torchvision.datasets.utils import download_url

    for name, md5 in KMNIST.resources:
        download_url(KMNIST.mirrors[0] + name, folder, md5=md5)
    return {"kmnist": KMNIST.classes}


def _emnist(folder: Path) -> Classes:
    from torchvision.datasets import EMNIST
    from torchvision.datasets.utils import download_url

    download_url(EMNIST.url, folder, md5=EMNIST.md5)
    classes = {f"emnist-{split}": names for split, names in EMNIST.classes_split_dict.items()}
    return {name: [label for label in names if label != "N/A"] for name, names in classes.items()}


def _svhn(folder: Path) -> Classes:
    from torchvision.datasets import SVHN
    from torchvision.datasets.utils import download_url

    for split in ("train", "test"):
        address, file, md5 = SVHN.split_list[split]
        download_url(address, folder, file, md5)
    return {}


def _cifar_100(folder: Path) -> Classes:
    from torchvision.datasets import CIFAR100
    from torchvision.datasets.utils import download_and_extract_archive

    download_and_extract_archive(CIFAR100.url, folder, filename=CIFAR100.filename, md5=CIFAR100.tgz_md5)
    return {}


def _stl_10(folder: Path) -> Classes:
    from torchvision.datasets import STL10
    from torchvision.datasets.utils import download_and_extract_archive

    download_and_extract_archive(STL10.url, folder, filename=STL10.filename, md5=STL10.tgz_md5)
    return {}


def _imagenette(folder: Path) -> Classes:
    from torchvision.datasets import Imagenette

    imagenette = Imagenette(folder, size=IMAGENETTE_SIZE, download=True)
    return {"imagenette": [names[0] for names in imagenette.classes]}


def _flowers(folder: Path) -> Classes:
    from torchvision.datasets import Flowers102

    Flowers102(folder, download=True)
    return {"flowers-102": Flowers102.classes}


def _eurosat(folder: Path) -> Classes:
    from torchvision.datasets import EuroSAT

    EuroSAT(folder, download=True)
    return {}


def _gtsrb(folder: Path) -> Classes:
    from torchvision.datasets import GTSRB

    for split in ("train", "test"):
        GTSRB(folder, split=split, download=True)
    return {}


DOWNLOADS: dict[str, Callable[[Path], Classes]] = {
    "kmnist": _kmnist,
    "emnist": _emnist,
    "svhn": _svhn,
    "cifar-100": _cifar_100,
    "stl-10": _stl_10,
    "imagenette": _imagenette,
    "flowers-102": _flowers,
    "eurosat": _eurosat,
    "gtsrb": _gtsrb,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
