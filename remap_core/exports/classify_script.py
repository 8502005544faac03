"""The script that classifies photos with an exported model: it needs nothing of this project."""

from __future__ import annotations

import inspect
from typing import Literal

from remap_core.datasets import fitting
from remap_core.datasets.photos import photo_pixels, photo_steps
from remap_core.exports.finished_model import FinishedModel
from remap_core.formatting import model_name

Runtime = Literal["onnxruntime", "torch"]

PACKAGES: dict[Runtime, str] = {
    "onnxruntime": "onnxruntime, numpy and Pillow",
    "torch": "torch, safetensors, numpy and Pillow",
}
"""What the script needs, by what runs the model."""

_HEAD = """\
# {title}
#
#     python classify.py photo.png [photo2.jpg ...]
#
# prints the class of each photo, of any size, and how probable it is. Needs {packages}.
# {steps}
# First comes, to the letter, what brought the images of the data set to their size and colours.

"""

_LOAD: dict[Runtime, str] = {
    "onnxruntime": """\
def load():
    session = onnxruntime.InferenceSession(str(FOLDER / "model.onnx"), providers=["CPUExecutionProvider"])
    return lambda images: session.run(["logits"], {"images": images})[0]
""",
    "torch": """\
def load():
    sys.path.insert(0, str(FOLDER))
    import model

    network = model.load(str(FOLDER / "model.safetensors"))

    def logits(images):
        with torch.no_grad():
            return network(torch.from_numpy(images)).numpy()

    return logits
""",
}

_IMPORTS = """\
import sys
from pathlib import Path

import {runtime}

"""

_MAIN = """\
def classified(photo, logits):
    with Image.open(photo) as image:
        pixels = photo_pixels(image, HEIGHT, WIDTH, **STEPS)
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis])
    scores = logits(batch)[0].astype(np.float64)
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    best = int(scores.argmax())
    return CLASSES[best], shares[best]


def main(photos):
    if not photos:
        print("usage: python classify.py photo.png [photo2.jpg ...]", file=sys.stderr)
        return 2
    sys.stdout.reconfigure(errors="backslashreplace")
    logits = load()
    failed = 0
    for photo in photos:
        try:
            name, share = classified(photo, logits)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            failed = 1
            print(f"{photo}: it cannot be read ({error})", file=sys.stderr)
            continue
        print(f"{photo}: {name} ({share:.1%})")
    return failed


if __name__ == "__main__":
    try:
        import pillow_heif
    except ImportError:
        pass
    else:
        pillow_heif.register_heif_opener()
    sys.exit(main(sys.argv[1:]))
"""


def classify_script(model: FinishedModel, runtime: Runtime) -> str:
    """The source of classify.py, for a folder with model.onnx or with model.py and model.safetensors."""
    channels, height, width = model.architecture.input_shape
    steps = photo_steps(model.recipe, (channels, height, width))
    head = _HEAD.format(
        title=f"{model_name(model.id)} of {model.dataset!a}",
        packages=PACKAGES[runtime],
        steps=steps_sentence(model),
    )
    constants = [
        "FOLDER = Path(__file__).resolve().parent",
        f"STEPS = {steps!r}",
        f"HEIGHT, WIDTH = {height}, {width}",
        f"CLASSES = {list(model.class_names)!a}",
    ]
    parts = [
        head + inspect.getsource(fitting),
        inspect.getsource(photo_pixels),
        _IMPORTS.format(runtime=runtime) + "\n".join(constants) + "\n",
        _LOAD[runtime],
        _MAIN,
    ]
    return "\n\n".join(parts)


def steps_sentence(model: FinishedModel) -> str:
    """What is done with a photo, in a sentence."""
    channels, height, width = model.architecture.input_shape
    steps = photo_steps(model.recipe, (channels, height, width))
    fits = {
        "squash": "squashed",
        "crop": "cropped to its middle and resized",
        "pad": f"resized and padded with {steps['background']}",
    }
    fit = fits[steps["fit"]]
    if steps["side"] is None:
        fit = "squashed"
    origin = "as its data set was prepared"
    if model.recipe is None:
        origin = "which is a guess: its data set was taken as it was"
    colours = {"grey": "made grey", "colour": "in colour"}
    return f"A photo is {fit} to {height} x {width} pixels, {colours[steps['colour']]}, {origin}."
