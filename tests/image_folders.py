"""Images to write in the layouts that people have, and the report of what is made of them."""

from pathlib import Path

import numpy as np
from PIL import Image

from remap_core.datasets.image_report import Report
from remap_core.datasets.preparation.intake import prepare
from remap_core.datasets.recipe import Choices

RNG = np.random.default_rng(0)


def picture(height=12, width=12, mode="RGB") -> Image.Image:
    """An image of random colours."""
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)


def write_classes(folder: Path, classes=("cat", "dog"), n=10, ending="png", **size) -> Path:
    """A folder with n images in a folder for each class."""
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for place in range(n):
            picture(**size).save(folder / name / f"{place}.{ending}")
    return folder


def report_on(source: Path, work: Path | None = None, **choices) -> Report:
    """What is made of a source."""
    return prepare(source, Choices(**choices), work or Path(f"{source}.work")).report


def problem_of(source: Path, **choices) -> str:
    """The one sentence that says why a source cannot be used."""
    report = report_on(source, **choices)
    assert not report.ok
    assert "\n" not in report.problem
    return report.problem
