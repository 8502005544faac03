"""Designs of other people's networks: read of a file, or published baselines."""

from __future__ import annotations

from pathlib import Path

from remap_core.errors import InvalidArchitecture, InvalidArgument
from remap_core.imports.imported import Images
from remap_core.imports.reading import read_file
from remap_core.lab.arguments import require_choice, shown
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.design_table import Designs
from remap_core.lab.designs.new_designs import design_of
from remap_core.lab.image_task import HasCard, read_task
from remap_core.services.proposals import baseline_source, import_source
from remap_core.space.baselines.named_baselines import BASELINES


def read(
    path: str | Path,
    *,
    dataset: str | Path | HasCard | None = None,
    input_shape: tuple[int, int, int] | None = None,
    classes: int | None = None,
) -> Design:
    """Read an architecture from a file: .onnx, .json, .txt (words), or .safetensors of REMAP.

    Of an ONNX file the graph is read, if it is a chain of what layers do; its weights are not taken, so that the model
    trains like every other one. dataset: name, path or lab whose images it must be for; or else input_shape, (channels,
    height, width), and the number of classes; or neither, where the file says what images it takes.

    Nothing in the file is run, and no pickle is loaded; for a PyTorch module in memory there is `remap.from_torch`.

    Raises InvalidArchitecture with the node that no layer is, for a file that is damaged, too large or for other
    images, and for one that is no architecture; DatasetError for a data set that is not known.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "net.txt"
    >>> file.write_text("Conv 8x3, ReLU")
    14
    >>> remap.read(file, dataset="digits").parameters
    2970
    """
    if not isinstance(path, str | Path):
        raise InvalidArgument(f"path must be a file's path, but got {shown(path)}.")
    path = Path(path).expanduser()
    return design_of(
        read_file(path, _images(dataset, input_shape, classes)).architecture, source=import_source(path.name)
    )


def baselines(
    *names: str,
    dataset: str | Path | HasCard | None = None,
    input_shape: tuple[int, int, int] | None = None,
    classes: int | None = None,
) -> Designs:
    """Published networks to compare with, fitted to images: LeNet-5, ResNet-20 and the paper's three picks.

    names: which; all that fit by default, with a note on those that do not. dataset, input_shape, classes: what they
    are for, as in `remap.architecture`. The app marks them as baselines.

    Raises InvalidArgument for a name that is not known, InvalidArchitecture for a named one that does not fit.

    >>> remap.baselines("ResNet-20", dataset="digits")[0].parameters
    272202
    >>> remap.baselines(dataset="digits").notes[0][:39]
    'LeNet-5 does not fit images of 1 x 8 x '
    """
    task = read_task(dataset, input_shape, classes)
    designs, notes = [], []
    for name in names or BASELINES:
        baseline = BASELINES[require_choice("name", name, BASELINES)]
        try:
            fitted = baseline.fitted(task.input_shape, task.classes)
        except InvalidArchitecture as error:
            if names:
                raise
            notes.append(str(error))
        else:
            designs.append(design_of(fitted, source=baseline_source(name)))
    return Designs(designs, notes)


def _images(dataset: str | Path | HasCard | None, input_shape: object, classes: object) -> Images | None:
    if dataset is None and input_shape is None and classes is None:
        return None
    task = read_task(dataset, input_shape, classes)
    title = dataset if isinstance(dataset, str) else "the data set"
    return Images(task.input_shape, task.classes, title)
