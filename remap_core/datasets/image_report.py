"""What is said about a data set before anything is trained on it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from remap_core.datasets.readers.found import Skipped
from remap_core.datasets.recipe import Recipe
from remap_core.formatting import count, pluralize


@dataclass(frozen=True)
class Findings:
    """What the checks found among the images that were kept. Images are given by their rows in the data set.

    duplicates: groups of rows with the same pixels. leaks: the groups of them that were in different parts of the
    split. conflicts: the groups with different classes. constant: rows of images of one value. moved: rows that were
    moved to the training images because a copy of them is there. brightness: mean pixel value (0..255) by class.
    brightness_accuracy: share of validation images whose class the nearest mean brightness tells. floor: share that a
    nearest-mean classifier classifies correctly; a network must beat it.
    """

    duplicates: tuple[tuple[int, ...], ...] = ()
    leaks: tuple[tuple[int, ...], ...] = ()
    conflicts: tuple[tuple[int, ...], ...] = ()
    constant: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    brightness: tuple[float, ...] = ()
    brightness_accuracy: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True)
class Report:
    """What was found in a source and made of it; `problem` is the one reason why nothing could be made.

    images, class_names, per_class: what is kept. shape: (height, width, channels). split: images to train, to
    validate, to test. sizes: (height, width, images) of the most frequent original sizes. form, skipped, warnings: as
    in `Found`. not_classes: proposed to leave out. columns: of the label table, to choose from.
    questions: those of the warnings that a person should answer before going on.
    all_classes: every class that the source has, with its images, before any is left out.
    """

    ok: bool
    form: str = ""
    images: int = 0
    class_names: tuple[str, ...] = ()
    per_class: tuple[int, ...] = ()
    shape: tuple[int, int, int] = (0, 0, 0)
    split: tuple[int, int, int] = (0, 0, 0)
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""
    recipe: Recipe | None = None
    sizes: tuple[tuple[int, int, int], ...] = ()
    all_classes: tuple[tuple[str, int], ...] = ()
    columns: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    findings: Findings = field(default_factory=Findings)

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def sentences(self) -> list[str]:
        """What was found and done, for people: numbers first, then warnings."""
        if not self.ok:
            return [self.problem]
        height, width, channels = self.shape
        train, validation, test = map(count, self.split)
        images = pluralize(self.images, "image")
        classes = count(len(self.class_names))
        fitting = self._fitting()
        colour = "colour"
        if channels == 1:
            colour = "grey"
        lines = [
            f"{images} in {classes} classes, read as {self.form}.",
            f"{height} x {width}, {colour}: {fitting}.",
            f"{train} to train, {validation} to validate, {test} to test.",
        ]
        if self.recipe and self.recipe.corrections_text:
            lines.append(f"{self.recipe.corrections_text}.")
        return [*lines, *self.warnings]

    def _fitting(self) -> str:
        recipe = self.recipe
        sizes = {(height, width) for height, width, _ in self.sizes}
        if recipe is None or sizes == {self.shape[:2]}:
            return "original size"
        return {
            "squash": "resized",
            "crop": "resized, the middle of each image",
            "pad": f"resized, with {recipe.background} borders",
        }[recipe.fit]

    def to_json(self) -> dict[str, Any]:
        """What `remap data check --json` prints."""
        printed: dict[str, Any] = {
            "ok": self.ok,
            "form": self.form,
            "images": self.images,
            "classes": list(self.class_names),
            "per_class": dict(zip(self.class_names, self.per_class, strict=True)),
            "shape": list(self.shape),
            "split": list(self.split),
            "skipped": [skipped._asdict() for skipped in self.skipped],
            "warnings": list(self.warnings),
            "sizes": self.sizes,
            "all_classes": dict(self.all_classes),
            "columns": list(self.columns),
            "questions": list(self.questions),
            "findings": asdict(self.findings),
        }
        if self.problem:
            printed["problem"] = self.problem
        if self.recipe:
            printed["recipe"] = json.loads(self.recipe.to_json())
        return printed

    @classmethod
    def from_json(cls, printed: dict[str, Any]) -> Report:
        """Read what `to_json` gave."""
        recipe = None
        if "recipe" in printed:
            recipe = Recipe.from_json(json.dumps(printed["recipe"]))
        findings = {name: _frozen(value) for name, value in printed["findings"].items()}
        return cls(
            ok=printed["ok"],
            form=printed["form"],
            images=printed["images"],
            class_names=tuple(printed["classes"]),
            per_class=tuple(printed["per_class"].values()),
            shape=_frozen(printed["shape"]),
            split=_frozen(printed["split"]),
            skipped=tuple(Skipped(**skipped) for skipped in printed["skipped"]),
            warnings=tuple(printed["warnings"]),
            problem=printed.get("problem", ""),
            recipe=recipe,
            sizes=_frozen(printed["sizes"]),
            all_classes=tuple(printed["all_classes"].items()),
            columns=tuple(printed["columns"]),
            questions=tuple(printed["questions"]),
            findings=Findings(**findings),
        )


def _frozen(value: Any) -> Any:
    """Lists as tuples, at any depth."""
    if isinstance(value, list):
        return tuple(_frozen(part) for part in value)
    return value
