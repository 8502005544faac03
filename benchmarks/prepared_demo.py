"""Makes the prepared models of the demo: remap_core/services/demo/prepared_demo.zip, a backup in one file.

    python -m benchmarks.prepared_demo

Trains 40 models each of the digits and of the leaves, small ones, by the recipe `quick`, in a data folder of its own
(20 minutes on two cores), and packs what a visitor needs: the catalogue, the weights and the validation images. It
holds no commands, and not the key that they are signed with. With --home a folder that has been trained is packed.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import zipfile
from pathlib import Path

from benchmarks.trainers import trainer, until_done
from remap_core.catalogue.backups import ARTIFACTS, CATALOGUE, write_backup
from remap_core.data_folder.folder import DataFolder
from remap_core.services.demo.prepared_models import PREPARED

MODELS = 40
DATASETS = ("digits", "leaves")
SETTINGS = {"recipe": "quick", "population": MODELS, "max_parameters": 25_000, "max_multiply_adds": 1_500_000}
MAX_BYTES = 8_000_000
PACKED = {".parquet", ".safetensors", ".npy"}
"""Endings of what is packed; the SQL of a backup names folders of this machine, and is never run."""
STAMP = (2026, 1, 1, 0, 0, 0)
"""The date of every file in the archive: equal models make an equal one."""


def main() -> None:
    """Train, pack, and say how large it is."""
    parser = argparse.ArgumentParser(description="Makes the prepared models of the demo.")
    parser.add_argument("--home", type=Path, help="a data folder that has been trained already")
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = DataFolder(options.home or Path(scratch) / "home")
        if not options.home:
            train(folder, options.epochs)
        packed = pack(folder, Path(scratch) / "backup")
    assert packed < MAX_BYTES, f"the prepared models take {packed:,} bytes, but may take {MAX_BYTES:,}"
    print(f"{PREPARED}: {packed:,} bytes")


def train(folder: DataFolder, epochs: int) -> None:
    """Train the first population of each data set."""
    for trained, dataset in enumerate(DATASETS, 1):
        with trainer(folder, dataset=dataset, epochs=epochs, **SETTINGS) as process:
            until_done(folder, trained * MODELS, process, limit=7200)


def pack(folder: DataFolder, scratch: Path) -> int:
    """Write the archive from a backup; returns its size in bytes."""
    write_backup(folder, scratch)
    with zipfile.ZipFile(PREPARED, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for part in (CATALOGUE, ARTIFACTS):
            for file in sorted((scratch / part).rglob("*")):
                if file.suffix in PACKED:
                    name = zipfile.ZipInfo(file.relative_to(scratch).as_posix(), STAMP)
                    archive.writestr(name, file.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    shutil.rmtree(scratch)
    return PREPARED.stat().st_size


if __name__ == "__main__":
    main()
