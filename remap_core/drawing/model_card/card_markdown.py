"""A model card as Markdown, with the front matter that Hugging Face reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from remap_core.drawing.model_card.card import UNKNOWN_LICENCE, Interval, ModelCard
from remap_core.drawing.model_card.run_examples import javascript_example, python_example
from remap_core.drawing.snac.chips import Size, chips, snac_alt
from remap_core.drawing.snac.repeated_blocks import repeated_blocks
from remap_core.drawing.snac.svg import snac_svg
from remap_core.drawing.thumbnails import svg_uri
from remap_core.formatting import (
    count,
    dataset_title,
    kilobytes,
    milliseconds,
    model_name,
    percent,
    pluralize,
    shape_text,
)
from remap_core.space.text import layers_text

MAX_MATRIX = 20
"""Classes up to which all counts of the confusion matrix are shown."""
MAX_CONFUSIONS = 15
_MARKS = re.compile(r"[\\`*_\[\]<>|#&~]")


def card_markdown(card: ModelCard, picture: str = "") -> str:
    """The file's content; what people typed is escaped. picture: address of the SNAC, by default the picture itself."""
    picture = picture or svg_uri(card_snac(card))
    front = ["---", f"license: {json.dumps(card.licence or 'unknown')}", "library_name: onnx"]
    front += ["pipeline_tag: image-classification", "---", ""]
    body = f"{card_body(card)}\n[snac]: {picture}\n"
    return "\n".join(front) + body


def card_body(card: ModelCard) -> str:
    """The card without front matter and picture; the SNAC is the image `snac`."""
    sections = [_summary(card), _files(card), _classes(card), _confusions(card), _training(card), _running(card)]
    return "\n".join(line for section in sections for line in [*section, ""])


def card_snac(card: ModelCard) -> str:
    """The SNAC as SVG."""
    architecture = card.architecture
    row = chips(architecture, Size.LARGE)
    brackets = repeated_blocks(architecture.layers)
    return snac_svg(row, Size.LARGE, title=snac_alt(architecture), repeated_blocks=brackets)


def _summary(card: ModelCard) -> Iterator[str]:
    architecture = card.architecture
    data = _text(dataset_title(card.dataset.name))
    yield f"# {model_name(card.trial.id)} of {data}"
    yield ""
    yield f"![{_text(layers_text(architecture.layers) or 'No layers')}][snac]"
    yield ""
    yield from _table(("", ""), _facts(card))


def _facts(card: ModelCard) -> Iterator[tuple[str, str]]:
    architecture = card.architecture
    yield "Accuracy (validation)", f"{_interval(card.accuracy)} of {count(int(card.evaluation.confusion.sum()))} images"
    if card.sealed:
        tested = Interval.of(card.sealed.right, card.sealed.images)
        yield "Accuracy (sealed test)", f"{_interval(tested)} of {count(card.sealed.images)} images"
    yield "Parameters", count(architecture.parameters)
    yield "Multiply-adds", count(architecture.multiply_adds)
    for memory in card.memory:
        yield f"RAM and flash, {memory.title}", f"{kilobytes(memory.ram)} and {kilobytes(memory.flash)} (estimated)"
    latency = card.evaluation.latency
    where = f"{latency.device}, {pluralize(latency.threads, 'thread')}, {latency.dtype}"
    single, batch = milliseconds(latency.batch_1_ms), milliseconds(latency.batch_256_ms)
    yield "Latency", f"{single} for 1 image, {batch} for 256 ({_text(where)})"
    yield "Licence", _text(card.licence) or UNKNOWN_LICENCE
    yield "Written", card.written


def _files(card: ModelCard) -> Iterator[str]:
    if not card.files:
        return
    yield "## Files"
    yield ""
    for file in card.files:
        size = f" ({kilobytes(file.size)})" if file.size is not None else ""
        yield f"- **{file.title}**{size}: {_text(file.sentence)}"
    for file in card.files:
        if file.warning:
            yield ""
            yield f"> **Warning, {file.title}:** {_text(file.warning)}"


def _classes(card: ModelCard) -> Iterator[str]:
    yield "## Results by class"
    yield ""
    yield "On the validation images; recall and precision with 95 % intervals (Wilson)."
    yield ""
    rows = [
        (_text(result.name), count(result.images), _interval(result.recall), _interval(result.precision))
        for result in card.class_results
    ]
    yield from _table(("Class", "Images", "Recall", "Precision"), rows)


def _confusions(card: ModelCard) -> Iterator[str]:
    yield "## Confusion"
    yield ""
    names = [_text(name) for name in card.dataset.class_names]
    confusion = card.evaluation.confusion
    if len(names) <= MAX_MATRIX:
        yield "Rows: true class. Columns: predicted."
        yield ""
        rows = [(f"**{name}**", *map(str, counts)) for name, counts in zip(names, confusion.tolist(), strict=True)]
        yield from _table(("", *names), rows)
        return
    yield f"The {MAX_CONFUSIONS} most frequent."
    yield ""
    wrong = confusion * (1 - np.eye(len(names), dtype=np.int64))
    pairs = np.argsort(-wrong, axis=None, kind="stable")[:MAX_CONFUSIONS]
    places = [divmod(int(pair), len(names)) for pair in pairs]
    rows = [(names[true], names[said], count(wrong[true, said])) for true, said in places if wrong[true, said]]
    yield from _table(("True class", "Predicted", "Images"), rows)


def _training(card: ModelCard) -> Iterator[str]:
    dataset = card.dataset
    train, validation, test = map(count, dataset.split)
    yield "## Data and training"
    yield ""
    yield f"- Data set: {_text(dataset_title(dataset.name))}, {count(dataset.classes)} classes."
    yield f"- Images: {shape_text(dataset.input_shape)}. {train} training, {validation} validation, {test} sealed test."
    yield f"- Preparation: {_text(card.preparation)}"
    config = card.training.proposal.config
    yield f"- Recipe: {_text(config.title)}, seed {config.seed}; {count(card.training.epochs_done)} epochs trained."
    yield f"- Origin: {card.trial.proposal.origin}."
    for step in card.steps:
        yield f"- Lineage: {_text(step)}"


def _running(card: ModelCard) -> Iterator[str]:
    file, shape = f"model-{card.trial.id}.onnx", card.architecture.input_shape
    yield "## How to run it"
    yield ""
    yield "The file takes pixels, 0..255, and scales them itself. `classify.py`, in the export *ONNX and classify.py*,"
    yield "prepares photos of any size exactly as the data set was prepared."
    yield ""
    yield f"```python\n{python_example(file, shape)}```"
    yield ""
    yield f"```javascript\n{javascript_example(file, shape)}```"


def _interval(value: Interval) -> str:
    """A share with its interval, in percent."""
    if value.share != value.share:  # NaN: no images
        return "no images"
    return f"{percent(value.share)} ({100 * value.low:.1f} to {100 * value.high:.1f})"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _text(text: str) -> str:
    """Text as one line of Markdown that shows it literally."""
    return _MARKS.sub(r"\\\g<0>", " ".join(text.split()))
