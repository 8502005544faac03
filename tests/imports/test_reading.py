"""Files and texts with architectures, by their endings; anything else is one sentence."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from remap_core.errors import InvalidArchitecture
from remap_core.imports.imported import WEIGHTS_LEFT, Images
from remap_core.imports.reading import MAX_MEGABYTES, read_content, read_file, read_text
from remap_core.space.architecture import Architecture
from remap_core.space.text import layers_text, parse_layers

DIGITS = Images((1, 8, 8), 10, "digits")
NET = Architecture((1, 8, 8), 10, parse_layers("Conv 4x3, ReLU, Dense 16"))
JSON = json.dumps(NET.to_json())


@pytest.mark.parametrize(
    "text",
    [
        "Conv 4x3, ReLU, Dense 16",
        "Conv 4x3\nReLU,\n\n  Dense 16\n",
        JSON,
        f"[{JSON}]",
        json.dumps(NET.to_json()["layers"]),
    ],
    ids=["words", "lines", "JSON", "a list of one", "layers"],
)
def test_words_and_json_are_read(text):
    assert read_text(text, DIGITS).architecture == NET


def test_a_json_file_says_what_images_it_is_for():
    assert read_content("net.json", JSON.encode()).architecture == NET


def test_weights_of_ours_name_their_architecture():
    content = save({"0.weight": np.zeros(3, np.float32)}, {"architecture": JSON})
    imported = read_content("model.safetensors", content, DIGITS)
    assert imported.architecture == NET
    assert imported.notes == (WEIGHTS_LEFT,)


BAD = {
    "pickle": ("net.pt", pickle.dumps([1]), r"net\.pt may hold a pickle, which can run anything"),
    "program": ("net.py", b"print(1)", r"net\.py is a program, which is not run"),
    "another ending": ("net.h5", b"", r"net\.h5 must end in \.onnx, \.json, \.txt or \.safetensors"),
    "no ending": ("net", b"", "must end in"),
    "no ONNX": ("net.onnx", b"nothing", r"net\.onnx: it is damaged, or no ONNX file"),
    "no JSON": ("net.json", b"{", r"net\.json: it is not valid JSON"),
    "deep JSON": ("net.json", b"[" * 100_000, r"net\.json: it is not valid JSON"),
    "no text": ("net.txt", b"\xff\xfe", r"net\.txt: it is no text in UTF-8"),
    "empty": ("net.txt", b" \n", r"net\.txt: it is empty"),
    "no layer": ("net.txt", b"Conv 4x3, Foo", r"net\.txt: Layer 2: 'Foo' is not a layer"),
    "several": ("net.json", f"[{JSON}, {JSON}]".encode(), "it has 2 architectures, and one is read"),
    "too many layers": ("net.txt", b"ReLU\n" * 61, "An architecture has at most 60 layers, but got 61"),
    "other images": (
        "net.json",
        json.dumps(Architecture((3, 32, 32), 10, ()).to_json()).encode(),
        r"net\.json: it takes images of 3 x 32 x 32, but digits has 1 x 8 x 8\.",
    ),
    "other classes": (
        "net.json",
        json.dumps(Architecture((1, 8, 8), 3, ()).to_json()).encode(),
        "it puts out 3 classes, but digits has 10",
    ),
    "others' weights": ("a.safetensors", save({"w": np.zeros(1)}), "only REMAP's own weights do"),
    "damaged weights": ("a.safetensors", b"\xff" * 20, "it is damaged, or holds no architecture"),
    "a strange name": ("a\nb.exe", b"", r"a b\.exe must end in"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_sentence(name, content, sentence):
    with pytest.raises(InvalidArchitecture, match=sentence) as raised:
        read_content(name, content, DIGITS)
    assert "\n" not in str(raised.value)


def test_words_need_a_data_set():
    with pytest.raises(InvalidArchitecture, match="words do not say what images they are for: name a data set"):
        read_text("ReLU")


def test_a_file_of_2_gb_is_not_opened(tmp_path: Path):
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(2 * 10**9)  # sparse: it takes no space
    with pytest.raises(
        InvalidArchitecture, match=rf"large\.onnx has 2,000 MB, and at most {MAX_MEGABYTES} MB are read"
    ):
        read_file(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(InvalidArchitecture, match=r"net\.onnx cannot be read: No such file"):
        read_file(tmp_path / "net.onnx")


def test_a_text_reads_back(tmp_path: Path):
    path = tmp_path / "net.txt"
    path.write_text(layers_text(NET.layers))
    assert read_file(path, DIGITS).architecture == NET
