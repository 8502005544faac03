"""How fast photos become a data set, compared with torchvision's ImageFolder and Resize in as many processes.

    python -m benchmarks.images --images 10000 --sides 32 96

Both read the same generated JPEG photos of 1,600 x 1,200 pixels (about 500 kB each; a few hundred different ones under
many names). Plain: an ImageFolder with Resize in a DataLoader with a worker process for each core, each batch copied
into one array. Ours: `remap data add`, in a process of its own, whose largest memory is reported; it also looks for
duplicates and the rest of its report. The limit is what it takes to undo a JPEG's Huffman code, which cannot be
skipped: "of the limit" divides the seconds of a loop that decodes each photo at 1/8 of its size (and does nothing else)
by ours. With --kills N ours is killed N times on the way (kill -9) and goes on. Opening: a kept data set of 100,000
images, from the name to all three parts.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.kept import LABELS, NAMES, PARTS, PIXELS, store_kept
from remap_core.datasets.splits import parts_of

SIZE = (1600, 1200)
DIFFERENT = 200
PLAIN = """
import sys, time
import numpy as np, torch
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2
folder, side, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if __name__ == "__main__":
    images = ImageFolder(folder, v2.Compose([v2.Resize((side, side)), v2.PILToTensor()]))
    start = time.perf_counter()
    whole = np.empty((len(images), 3, side, side), np.uint8)
    at = 0
    for pixels, _ in DataLoader(images, batch_size=64, num_workers=workers):
        whole[at : at + len(pixels)] = pixels.numpy()
        at += len(pixels)
    print(time.perf_counter() - start)
"""
OURS = """
import json, re, sys, time
from pathlib import Path
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
start = time.perf_counter()
def show(progress):
    print(progress.stage, progress.done, flush=True)
kept = add(sys.argv[1], sys.argv[2], Choices(side=int(sys.argv[3]), fit="squash"), Path(sys.argv[4]), show)
peak = 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps([time.perf_counter() - start, peak, kept.report.images]))
"""


def photo(seed: int) -> Image.Image:
    """Clouds of colour at all scales: as many coefficients as a photo has."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    whole = np.zeros((height, width, 3), np.float32)
    for octave in range(1, 9):
        cells = rng.normal(0, 0.5 * 2.0 ** (1 - octave * 0.7), (3 * 2**octave, 4 * 2**octave, 3)).astype(np.float32)
        for channel in range(3):
            layer = Image.fromarray(cells[..., channel]).resize(SIZE, Image.Resampling.BICUBIC)
            whole[..., channel] += np.asarray(layer)
    grain = rng.normal(0, 0.02, (height, width, 1))
    return Image.fromarray(np.uint8(np.clip((whole * 0.35 + 0.5 + grain) * 255, 0, 255)))


def write_photos(folder: Path, images: int, classes: int = 10) -> float:
    """Write the photos in class folders; returns their mean size in bytes."""
    different = [folder.parent / f"photo{number}.jpg" for number in range(min(images, DIFFERENT))]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda number: photo(number).save(different[number], quality=92), range(len(different))))
    for number in range(images):
        of_class = folder / f"class{number % classes}"
        of_class.mkdir(parents=True, exist_ok=True)
        os.link(different[(number * 7) % len(different)], of_class / f"{number:06}.jpg")
    return sum(file.stat().st_size for file in different) / len(different)


def plain_seconds(folder: Path, side: int, workers: int) -> float:
    """Seconds of torchvision's loop, without its imports."""
    command = [sys.executable, "-c", PLAIN, folder, str(side), str(workers)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(output)


def our_run(folder: Path, side: int, home: Path, kills: int) -> tuple[float, int]:
    """Seconds and peak bytes of our conversion; with kills, those of its last process."""
    command = [sys.executable, "-c", OURS, folder, f"photos-{side}", str(side), home]
    images = sum(1 for _ in folder.glob("*/*"))
    for number in range(kills):
        stop_at = images * (number + 1) // (kills + 1)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for line in process.stdout:
                stage, _, done = line.partition(" ")
                if stage == "Decoding" and int(done) >= stop_at:
                    process.send_signal(signal.SIGKILL)
                    print(f"    killed at {done.strip()} of {images}")
                    break
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    seconds, peak, kept = json.loads(output.splitlines()[-1])
    assert kept == images, (kept, images)
    return seconds, peak


def limit_seconds(folder: Path) -> float:
    """Seconds to decode every photo at 1/8 of its size, on all cores."""

    def decode(path: Path) -> None:
        with Image.open(path) as image:
            image.draft("RGB", (SIZE[0] // 8, SIZE[1] // 8))
            image.load()

    files = sorted(folder.glob("*/*"))
    start = time.perf_counter()
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(decode, files))
    return time.perf_counter() - start


def opening_seconds(home: Path, images: int = 100_000, side: int = 32) -> float:
    """Seconds to open a kept data set."""
    folder = home / "made"
    folder.mkdir(parents=True)
    labels = np.arange(images) % 10
    parts = np.sort(parts_of(labels, 10, None))
    pixels = np.lib.format.open_memmap(folder / PIXELS, mode="w+", dtype=np.uint8, shape=(images, side, side, 3))
    pixels[:] = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    np.save(folder / LABELS, labels.astype(np.uint16))
    np.save(folder / PARTS, parts)
    (folder / NAMES).write_text("[]")
    report = {
        **{name: [] for name in ("skipped", "warnings", "sizes", "columns", "questions")},
        **{"ok": True, "form": "made", "images": images, "shape": [side, side, 3], "split": [1, 1, 1]},
        **{"classes": list("0123456789"), "per_class": dict.fromkeys("0123456789", images // 10)},
        **{"all_classes": {}, "findings": {}},
    }
    recipe = {"source": "made", "form": "made", "side": side, "colour": "colour", "fit": "squash"}
    about = {"recipe": {**recipe, "background": "white"}, "report": report, "stamp": "", "proposed": False}
    kept = store_kept(folder, "made", home, about)
    start = time.perf_counter()
    dataset = load_dataset(kept.name, home)
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == images
    return time.perf_counter() - start


def cores() -> int:
    """Cores of this process."""
    return len(os.sched_getaffinity(0))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--sides", type=int, nargs="+", default=[32, 96])
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        home.mkdir()
        print(f"opening 100,000 images: {opening_seconds(home):.3f} s")
        folder = Path(place) / "photos"
        size = write_photos(folder, options.images)
        print(f"{options.images:,} photos of {SIZE[0]} x {SIZE[1]}, {size / 1000:,.0f} kB each, {cores()} cores")
        for side in options.sides:
            limit = limit_seconds(folder)
            plain = plain_seconds(folder, side, cores())
            ours, peak = our_run(folder, side, home, options.kills)
            per_image = 1000 * cores() / options.images
            print(
                f"to {side}: torchvision {plain:.1f} s, ours {ours:.1f} s: {plain / ours:.2f} times as fast; "
                f"a photo on a core {plain * per_image:.1f}, {ours * per_image:.1f} ms; "
                f"{limit / ours:.0%} of the limit; peak {peak / 1e6:.0f} MB"
            )


if __name__ == "__main__":
    main()
