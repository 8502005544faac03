"""How to run an exported ONNX file, in some ten lines of Python and of JavaScript."""

from __future__ import annotations

_PYTHON = """\
import json

import numpy as np
import onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession("{file}")
photo = Image.open("photo.png").convert("{mode}").resize(({width}, {height}))
images = np.asarray(photo, np.uint8).reshape(1, {height}, {width}, {channels}).transpose(0, 3, 1, 2)
logits = session.run(["logits"], {{"images": images}})[0][0]
classes = json.loads(session.get_modelmeta().custom_metadata_map["class_names"])
print(classes[logits.argmax()])
"""

_JAVASCRIPT = """\
import * as ort from "onnxruntime-web";

const session = await ort.InferenceSession.create("{file}");
const context = new OffscreenCanvas({width}, {height}).getContext("2d");
const photo = document.querySelector("img");
await photo.decode();
context.drawImage(photo, 0, 0, {width}, {height});
const rgba = context.getImageData(0, 0, {width}, {height}).data;
const pixels = Uint8Array.from({{ length: {values} }}, (_, i) => {pixel});
const images = new ort.Tensor("uint8", pixels, [1, {channels}, {height}, {width}]);
const {{ logits }} = await session.run({{ images }});
console.log("class", logits.data.indexOf(Math.max(...logits.data))); // counts from 0
"""

_GREY = "Math.round(0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2])"
"""Luma of ITU-R BT.601, as Pillow has it."""


def python_example(file: str, input_shape: tuple[int, int, int]) -> str:
    """The class of photo.png, by onnxruntime."""
    channels, height, width = input_shape
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels, "RGB")
    return _PYTHON.format(file=file, mode=mode, channels=channels, height=height, width=width)


def javascript_example(file: str, input_shape: tuple[int, int, int]) -> str:
    """The class of a page's first image, by onnxruntime-web."""
    channels, height, width = input_shape
    area = height * width
    pixel = _GREY if channels == 1 else f"rgba[4 * (i % {area}) + Math.floor(i / {area})]"
    return _JAVASCRIPT.format(
        file=file, channels=channels, height=height, width=width, values=channels * area, pixel=pixel
    )
