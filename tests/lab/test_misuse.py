"""Every public call with what it cannot take: one sentence that names the rule and the value."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import remap_core as remap
from remap_core.errors import (
    DatasetError,
    ExportFailed,
    FolderUnusable,
    InvalidArchitecture,
    InvalidArgument,
    InvalidTrial,
    InvalidView,
    MissingPackage,
    NotFound,
    RemapError,
    SettingsError,
)
from remap_core.lab.recorded_trial import RecordedTrial

IMAGES = np.zeros((2, 8, 8, 1), np.uint8)


@pytest.fixture
def there(lab, tmp_path):
    """What calls are made on: the small lab, a model of it, another lab's, an empty one, a design, a folder."""
    other = remap.open(tmp_path / "other", dataset="digits#300")
    design = remap.architecture("Conv 8x3, ReLU, Dense 16", dataset=lab)
    (tmp_path / "a-file").write_text("")
    stranger = SimpleNamespace(lab=other, id=1)
    return SimpleNamespace(lab=lab, model=lab.model(1), empty=other, design=design, folder=tmp_path, stranger=stranger)


class Loud:
    def __repr__(self):
        raise ValueError("no")


OPEN = {
    "no folder": (lambda t: remap.open(3), InvalidArgument, "folder must be a path, but got 3"),
    "an empty folder": (lambda t: remap.open(" "), InvalidArgument, "folder must be a path"),
    "a folder that is not there": (
        lambda t: remap.open(t.folder / "none"),
        NotFound,
        "none is not a data folder: name",
    ),
    "a folder without models": (lambda t: remap.open(t.empty.folder.home), NotFound, "has no models yet: name a data"),
    "a file": (lambda t: remap.open(t.folder / "a-file", dataset="digits"), FolderUnusable, "a-file cannot be created"),
    "a misspelt data set": (lambda t: remap.open(t.folder, dataset="digts"), DatasetError, "did you mean digits?"),
    "an unknown data set": (lambda t: remap.open(t.folder, dataset="zzz"), DatasetError, "'zzz' is not a data set"),
    "no data set": (lambda t: remap.open(t.folder, dataset=7), DatasetError, "a name or a path, but got 7"),
    "a path of nothing": (lambda t: remap.open(t.folder, dataset="/none.npz"), DatasetError, "no such file or folder"),
    "a subset of words": (lambda t: remap.open(t.folder, dataset="digits#few"), DatasetError, "but got 'few'"),
    "a misspelt setting": (lambda t: remap.open(t.folder, dataset="digits", epoch=3), InvalidArgument, "mean epochs?"),
    "an unknown setting": (lambda t: remap.open(t.folder, dataset="digits", zzz=3), InvalidArgument, "no setting zzz."),
    "the folder twice": (lambda t: remap.open(t.folder, home="x"), InvalidArgument, "home is what the first two"),
    "a setting out of range": (lambda t: remap.open(t.folder, dataset="digits", epochs=0), SettingsError, "epochs = 0"),
    "a setting of another type": (
        lambda t: remap.open(t.folder, dataset="digits", device="tpu"),
        SettingsError,
        "device = 'tpu'",
    ),
}
ARCHITECTURE = {
    "no words": (lambda t: remap.architecture(3, dataset="digits"), InvalidArgument, "layers must be words .* got 3"),
    "unknown words": (
        lambda t: remap.architecture("Conf 3", dataset="digits"),
        InvalidArchitecture,
        "'Conf 3' is not a layer",
    ),
    "no fit": (
        lambda t: remap.architecture("Dense 4, Conv 3x3", dataset="digits"),
        InvalidArchitecture,
        "needs an image",
    ),
    "no task": (lambda t: remap.architecture("ReLU"), InvalidArgument, "Name the task: dataset='digits', or"),
    "half a task": (lambda t: remap.architecture("ReLU", classes=3), InvalidArgument, "Name the task"),
    "two tasks": (
        lambda t: remap.architecture("ReLU", dataset="digits", classes=3),
        InvalidArgument,
        "but not both",
    ),
    "a shape of two": (
        lambda t: remap.architecture("ReLU", input_shape=(8, 8), classes=3),
        InvalidArgument,
        r"\(channels, height, width\), but got \(8, 8\)",
    ),
    "a shape of nothing": (
        lambda t: remap.architecture("ReLU", input_shape=(0, 8, 8), classes=3),
        InvalidArgument,
        "from 1 to 4096, but got 0",
    ),
    "one class": (
        lambda t: remap.architecture("ReLU", input_shape=(1, 8, 8), classes=1),
        InvalidArgument,
        "classes must be a whole number from 2 to 4096, but got 1",
    ),
    "no data set": (lambda t: remap.architecture("ReLU", dataset=3), InvalidArgument, "a name, a path or a lab"),
}
SAMPLE = {
    "an unknown space": (lambda t: remap.sample("remap-2018", dataset="digits"), InvalidArgument, "mean remap-2019?"),
    "no space": (lambda t: remap.sample(None, dataset="digits"), InvalidArgument, "space must be one of"),
    "none": (
        lambda t: remap.sample(dataset="digits", n=0),
        InvalidArgument,
        "n must be .* from 1 to 100000, but got 0",
    ),
    "half a one": (lambda t: remap.sample(dataset="digits", n=1.5), InvalidArgument, "but got 1.5"),
    "a seed below 0": (lambda t: remap.sample(dataset="digits", seed=-1), InvalidArgument, "seed must be"),
    "too small a cap": (
        lambda t: remap.sample(dataset="digits", n=1, max_parameters=5),
        RemapError,
        "Only 0 of 1 new architectures",
    ),
    "a space by index": (lambda t: remap.spaces["mordern"], InvalidArgument, "did you mean modern?"),
    "a file that is not there": (
        lambda t: remap.sample("no.toml", dataset="digits"),
        RemapError,
        "no.toml cannot be read",
    ),
    "too little memory": (
        lambda t: remap.sample(dataset="digits", n=1, max_activation_memory=0),
        InvalidArgument,
        "max_activation_memory must be .* but got 0",
    ),
    "a data set's name": (lambda t: remap.datasets.load("minst"), DatasetError, "did you mean mnist?"),
    "no name": (lambda t: remap.datasets.describe(3), DatasetError, "a name or a path, but got 3"),
}
DESIGN = {
    "beyond the end": (lambda t: t.design.insert(4, "ReLU"), InvalidArgument, "from -3 to 3, but got 4"),
    "no position": (lambda t: t.design.insert("first", "ReLU"), InvalidArgument, "position must be .* got 'first'"),
    "no words": (lambda t: t.design.insert(0, 3), InvalidArgument, "Layers are words .* got 3"),
    "empty words": (lambda t: t.design.append(" "), InvalidArgument, "layers must be a text that is not empty"),
    "unknown words": (lambda t: t.design.append("Dens 3"), InvalidArchitecture, "'Dens 3' is not a layer"),
    "removed beyond": (lambda t: t.design.remove(3), InvalidArgument, "from -3 to 2, but got 3"),
    "nothing to remove": (
        lambda t: remap.architecture("", dataset="digits").remove(0),
        InvalidArgument,
        "There is no layer to edit",
    ),
    "replaced by two": (lambda t: t.design.replace(0, "ReLU, ReLU"), InvalidArchitecture, "by one layer, but got 2"),
    "no such hyperparameter": (lambda t: t.design.set(0, units=3), InvalidArchitecture, "Conv has .* but got 'units'"),
    "no such value": (lambda t: t.design.set(0, filters=0), InvalidArchitecture, "filters must be .* got 0"),
    "moved too far": (lambda t: t.design.move(0, 99), InvalidArgument, "by must be .* from -3 to 3, but got 99"),
    "costs of no fit": (
        lambda t: t.design.append("Conv 3x3").parameters,
        InvalidArchitecture,
        "Conv 3x3 at 4 does not",
    ),
    "taken beyond": (
        lambda t: remap.sample(dataset="digits", n=2)[2],
        InvalidArgument,
        "index must be .* from -2 to 1",
    ),
    "a frame of nobody": (lambda t: t.model.ablations().to_frame("spark"), InvalidArgument, "library must be one of"),
}
TRAIN = {
    "nothing": (lambda t: t.lab.train([]), InvalidArgument, r"nothing to train: \[\] is empty"),
    "nothing in lists": (lambda t: t.lab.train([[], ()]), InvalidArgument, "nothing to train"),
    "words": (lambda t: t.lab.train("Conv 3x3"), InvalidArgument, "got 'Conv 3x3': remap.architecture makes a design"),
    "a number": (lambda t: t.lab.train([3]), InvalidArgument, "are trained, but got 3"),
    "something loud": (lambda t: t.lab.train(Loud()), InvalidArgument, "got a Loud"),
    "no fit": (lambda t: t.lab.train(t.design.append("Conv 3x3")), InvalidArchitecture, "Conv 3x3 at 4 does not fit"),
    "another task": (
        lambda t: t.lab.train(remap.architecture("ReLU", input_shape=(3, 8, 8), classes=2)),
        InvalidArgument,
        "for images of 3 x 8 x 8 in 2 classes, but digits#200 has 1 x 8 x 8 in 10",
    ),
    "over the cap": (
        lambda t: t.lab.train(remap.architecture("Dense 90000", dataset="digits")),
        InvalidArgument,
        "at most 1,000,000 parameters .* has 6,750,010",
    ),
    "no epoch": (lambda t: t.lab.train(t.design, epochs=0), InvalidArgument, "epochs must be .* but got 0"),
    "words of epochs": (lambda t: t.lab.train(t.design, epochs="5"), InvalidArgument, "but got '5'"),
    "progress in words": (lambda t: t.lab.train(t.design, progress="no"), InvalidArgument, "True or False"),
    "another lab's model": (lambda t: t.empty.train(t.model), InvalidArgument, "Model 1 is of another lab"),
    "another lab's child": (lambda t: t.empty.train(t.model.ablations()), InvalidArgument, "Model 1 is of another lab"),
}
MODEL = {
    "no such model": (lambda t: t.lab.model(99_999), NotFound, "There is no Model 99999 in"),
    "no number": (lambda t: t.lab.model("7"), InvalidArgument, "id must be .* but got '7'"),
    "no front": (lambda t: t.empty.front[-1], NotFound, "There is no model to take"),
    "beyond": (lambda t: t.lab.models[999], InvalidArgument, "index must be"),
    "a layer beyond": (lambda t: t.model.ablations([9]), InvalidArgument, "each of layers must be .* but got 9"),
    "layers in words": (lambda t: t.model.ablations("0"), InvalidArgument, "a list of positions, but got '0'"),
    "no layers": (lambda t: t.model.ablations([]), InvalidArgument, "at least one position"),
    "too many children": (lambda t: t.model.variations(children=21), InvalidArgument, "from 1 to 20, but got 21"),
    "too many edits": (lambda t: t.model.variations(edits=0), InvalidArgument, "from 1 to 5, but got 0"),
    "a seed below 0": (lambda t: t.model.variations(seed=-1), InvalidArgument, "seed must be"),
    "an unknown edit": (
        lambda t: t.model.variations(allowed={0: ["removes"]}),
        InvalidArgument,
        "did you mean remove?",
    ),
    "edits in words": (lambda t: t.model.variations(allowed={0: "remove"}), InvalidArgument, r"allowed\[0\] must be a"),
    "edits of nothing": (lambda t: t.model.variations(allowed=["remove"]), InvalidArgument, "must map positions"),
    "edits beyond": (lambda t: t.model.variations(allowed={9: ["remove"]}), InvalidArgument, "in allowed must be"),
    "an edit of the head": (
        lambda t: t.model.variations(allowed={3: ["remove"]}),
        InvalidTrial,
        "The head only allows prepend",
    ),
    "too many seeds": (lambda t: t.model.repeats(11), InvalidArgument, "from 1 to 10, but got 11"),
    "compared with a number": (lambda t: t.model.compare(2), InvalidArgument, "with a model, but got 2"),
    "a number compared": (lambda t: t.lab.compare(2, t.model), InvalidArgument, "with a model, but got 2"),
    "a frame of nobody": (lambda t: t.lab.models.to_frame(3), InvalidArgument, "library must be one of"),
}
PREDICT = {
    "no images": (
        lambda t: t.model.predict([1, 2]),
        InvalidArgument,
        r"uint8 array of shape \(n, 8, 8, 1\), but got \[",
    ),
    "another type": (lambda t: t.model.predict(IMAGES / 255), InvalidArgument, "but got float64 of shape"),
    "channels first": (
        lambda t: t.model.predict(IMAGES.transpose(0, 3, 1, 2)),
        InvalidArgument,
        r"got uint8 of shape \(2, 1, 8, 8\)",
    ),
    "one image": (lambda t: t.model.predict(IMAGES[0, :, :, 0]), InvalidArgument, r"of shape \(8, 8\)"),
    "none": (lambda t: t.model.predict(IMAGES[:0]), InvalidArgument, "there is no image in it"),
    "another suffix": (lambda t: t.model.export(t.folder / "model.h5"), ExportFailed, r"not as \.h5"),
    "no path": (lambda t: t.model.export(None), ExportFailed, "exported to a path like model.onnx, but got None"),
    "into a file": (
        lambda t: t.model.export(t.folder / "a-file" / "m.onnx"),
        ExportFailed,
        "Model 1 cannot be written",
    ),
}
PLOT = {
    "an unknown metric": (lambda t: t.lab.plot.overview(x="beauty"), InvalidView, "must be a metric"),
    "no metric": (lambda t: t.lab.plot.overview(y=3), InvalidArgument, "y must be a text"),
    "a class beyond": (lambda t: t.lab.plot.overview(y="class-10"), InvalidView, "class-0 to class-9"),
    "no models": (lambda t: t.empty.plot.overview(), NotFound, "no finished model of digits#300"),
    "curves of a number": (lambda t: t.lab.plot.curves(3), InvalidArgument, "of this lab, but got 3"),
    "curves of another lab": (
        lambda t: t.lab.plot.curves(t.model, t.stranger),
        InvalidArgument,
        "of this lab, but got",
    ),
    "shares in words": (
        lambda t: t.model.plot.confusion(shares="yes"),
        InvalidArgument,
        "shares must be True or False",
    ),
}
CALLS = {
    f"{group}: {name}": case
    for group, cases in {
        "open": OPEN,
        "architecture": ARCHITECTURE,
        "sample": SAMPLE,
        "design": DESIGN,
        "train": TRAIN,
        "model": MODEL,
        "predict": PREDICT,
        "plot": PLOT,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize(("call", "error", "sentence"), CALLS.values(), ids=CALLS)
def test_misuse_gets_one_sentence_with_the_rule_and_the_value(call, error, sentence, there):
    with pytest.raises(error, match=sentence) as raised:
        call(there)
    said = str(raised.value)
    assert isinstance(raised.value, RemapError)
    assert said[-1] in ".?"
    assert "\n" not in said
    assert re.match(r"[A-Za-z'/]", said)
    assert "Traceback" not in said


def test_a_package_that_is_not_installed_is_named(lab, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(MissingPackage, match="to_frame needs polars, which is not installed"):
        lab.models.to_frame("polars")


def test_a_model_that_is_not_complete_says_so(lab, tmp_path):
    trial = SimpleNamespace(id=7, state=SimpleNamespace(value="waiting"))
    waiting = remap.Model(RecordedTrial(lab.workspace, trial))
    for call in (lambda: waiting.predict(IMAGES), lambda: waiting.export(tmp_path / "m.onnx")):
        with pytest.raises(NotFound, match=r"must be complete to .* but Model 7 is waiting"):
            call()
