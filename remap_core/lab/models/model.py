"""Models: trained architectures, what was measured on them, and what can be made of them; one, or a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidArgument, NotFound
from remap_core.lab.arguments import require_count, require_target, shown
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.design_table import Designs
from remap_core.lab.designs.neighbours import ablations_of, variations_of
from remap_core.lab.frames import to_frame
from remap_core.lab.models.export_files import write_model, write_models
from remap_core.lab.models.model_comparison import Comparison, compared
from remap_core.lab.models.model_html import model_html
from remap_core.lab.models.model_plots import ModelPlots
from remap_core.lab.models.model_table import model_columns, models_html, models_text
from remap_core.lab.models.predictions import Photo, Prediction, predicted
from remap_core.lab.models.retrainings import Finish, OnFewerImages, Repeats, finish_of
from remap_core.lab.recorded_trial import RecordedTrial, with_parents
from remap_core.lab.workspace import Workspace
from remap_core.services.data.more_images import more_images
from remap_core.space.architecture import Architecture
from remap_core.space.draft import Draft
from remap_core.space.edit_marks import Marks
from remap_core.trials.evaluation import EpochResult, Evaluation
from remap_core.trials.trial import MAX_REPEATS, Origin, Trial


class Model:
    """A model as it was when it was read; `lab.model(id)` reads it again.

    Accuracies are shares (0..1) of the validation images, latencies are milliseconds.

    >>> best = lab.front[-1]
    >>> best.state, best.epochs
    ('complete', 1)
    """

    def __init__(self, recorded: RecordedTrial) -> None:
        self.recorded = recorded
        self.trial = recorded.trial

    @property
    def id(self) -> int:
        """The number of the model, as the app shows it."""
        return self.trial.id

    @property
    def text(self) -> str:
        """The layers in words."""
        return self.design.text

    @property
    def design(self) -> Design:
        """The architecture as a design without a parent."""
        return Design(Draft.of(self.architecture))

    @property
    def architecture(self) -> Architecture:
        """The architecture as a value."""
        return self.trial.architecture

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return self.architecture.parameters

    @property
    def multiply_adds(self) -> int:
        """Multiply-accumulate operations for one image."""
        return self.architecture.multiply_adds

    @property
    def state(self) -> str:
        """waiting, running, complete, pruned, failed or cancelled."""
        return self.trial.state.value

    @property
    def accuracy(self) -> float | None:
        """Validation accuracy (0..1): the mean over its seeds; None before the first epoch."""
        return self.trial.accuracy

    @property
    def epochs(self) -> int:
        """Number of epochs that were trained."""
        return self.trial.epochs_done

    @property
    def history(self) -> list[EpochResult]:
        """Losses, accuracies and seconds of each epoch.

        >>> [epoch.epoch for epoch in lab.front[-1].history]
        [1]
        """
        return self.recorded.history()

    @property
    def origin(self) -> str:
        """initial, ablation, variation or handcrafted."""
        return self.trial.proposal.origin.value

    @property
    def edits(self) -> list[str]:
        """What was done to its parent, in words; none without a parent."""
        return self.recorded.edits

    @property
    def marks(self) -> Marks:
        """Where its layers differ from its parent's, for a drawing."""
        return self.recorded.marks

    @property
    def parent(self) -> Model | None:
        """The model that it was made from; None where there is none."""
        parent = self.recorded.parent
        if parent is None:
            return None
        workspace = self.recorded.workspace
        return Models(workspace, [workspace.model_trial(parent.id)])[0]

    @property
    def children(self) -> Models:
        """The models that were made from it, in whatever state, oldest first."""
        return Models(self.recorded.workspace, self.recorded.children())

    @property
    def evaluation(self) -> Evaluation:
        """What it predicts on the validation images: confusion matrix, predictions, latency. Raises NotFound."""
        return self.recorded.evaluation()

    @property
    def class_accuracy(self) -> dict[str, float]:
        """Validation accuracy (0..1) of each class, by its name. Raises NotFound for a model that is not complete."""
        return self.recorded.class_accuracy()

    @property
    def plot(self) -> ModelPlots:
        """Figures of this model: curves, confusion, class_accuracy and snac."""
        return ModelPlots(self.recorded)

    def ablations(self, layers: Iterable[int] | None = None) -> Designs:
        """The model without each of its layers: what a layer is worth is what the child without it loses.

        layers: positions to leave out, one a child; by default each of them. What does not fit together, or is over
        the cap on parameters, is left out and named in `notes`.

        Raises InvalidArgument for a position that does not exist.

        >>> parent = lab.model(1)
        >>> len(parent.ablations(layers=[0]))
        1
        """
        return ablations_of(self.recorded, layers)

    def variations(
        self,
        children: int = 4,
        edits: int = 1,
        seed: int = 0,
        allowed: Mapping[int, Iterable[str]] | None = None,
    ) -> Designs:
        """Random neighbours of the model, with layers of the lab's search space.

        children: at most 20. edits: of each child, at most 5. seed: the same one gives the same children. allowed: by
        position, the kinds of edit that may happen there ("remove", "replace", "prepend", "reparameterize"); the
        number of layers stands for the head, which only takes "prepend". By default everything is allowed.

        `notes` say why there are fewer children than asked for. Raises InvalidArgument or InvalidTrial.

        >>> len(lab.model(1).variations(children=3, seed=0))
        3
        """
        return variations_of(self.recorded, children, edits, seed, allowed)

    def edited(self) -> Design:
        """A design to edit by hand, as a child of this model.

        >>> lab.model(1).edited().insert(0, "MaxPool 2").edits[0]
        'Inserted MaxPool 2 before layer 1 (MaxPool 3)'
        """
        return Design(Draft.of(self.architecture), Origin.HANDCRAFTED, self.recorded)

    def repeats(self, seeds: int = 3) -> Repeats:
        """Ask for further trainings with other seeds (1 to 10): accuracy becomes a mean with a spread.

        >>> lab.model(1).repeats(2)
        2 repeats of Model 1
        """
        return Repeats(self.recorded, require_count("seeds", seeds, 1, MAX_REPEATS))

    def finish(self, epochs: int = 30, augmentation: Sequence[str] | None = None) -> Finish:
        """Ask for a long training from the model's weights, with the recipe `thorough`; exports then take the more
        accurate weights.

        augmentation: random changes of training images ("shift", "flip", "rotate", "brightness"); None for those that
        suit most images of this kind. The model's accuracy stays the one that compares with other models.

        >>> lab.model(1).finish(epochs=60)
        Model 1, to be finished for 60 epochs
        """
        return finish_of(self.recorded, epochs, augmentation)

    def on_fewer_images(self) -> OnFewerImages:
        """Ask for the trainings that `more_images` needs: four on quarters of the training images, two on halves, and
        two on all of them with other seeds. Those that are there already are not repeated.

        >>> lab.model(1).on_fewer_images()
        Model 1 on fewer images
        """
        return OnFewerImages(self.recorded)

    def more_images(self) -> dict[str, Any]:
        """Say whether more images would make the model better; train `on_fewer_images()` first.

        Returns what `remap data more-images --json` prints: the accuracies that were measured on 25, 50 and 100 % of
        the training images (measured); once all are there, the curve through them, carried on to four times the images,
        with its 80 % band (curve), and the gain from twice the images; the answer as a sentence. Raises InvalidTrial
        for a model that is not complete, that started from another one's weights, or with too few images.

        >>> lab.model(1).more_images()["missing"]
        8
        """
        return more_images(self.recorded.workspace.catalogue, self.recorded.id).to_json()

    def compare(self, other: Model) -> Comparison:
        """Compare with another model: which layers differ, and whether the accuracies differ by more than noise.

        Raises InvalidArgument for anything that is not a model of this lab, NotFound where one is not complete.

        >>> lab.model(1).compare(lab.model(2)).p <= 1
        True
        """
        if not isinstance(other, Model):
            raise InvalidArgument(f"A model is compared with a model, but got {shown(other)}.")
        return compared(self.recorded, other.recorded)

    def predict(self, images: NDArray[np.uint8] | Photo | Sequence[Photo]) -> Prediction:
        """Predict the classes of images.

        images: a photo or a list of photos, each a path or a Pillow image of any size, brought to the size and the
        colours of the data set by the steps that made it. Or pixels: (n, height, width, channels) uint8, 0..255, as in
        an .npz file; (n, height, width) where there is one channel.

        Raises InvalidArgument for other images, DatasetError for a file that cannot be read, NotFound for a model that
        is not complete.

        >>> import numpy as np
        >>> prediction = lab.front[-1].predict(np.zeros((2, 8, 8, 1), np.uint8))
        >>> prediction.probabilities.shape
        (2, 10)
        """
        return predicted(self.recorded, images)

    def export(self, path: str | Path) -> Path:
        """Write the model to a file, and return its path. The suffix tells the form.

        .onnx: for onnxruntime, images in as (n, channels, height, width) uint8. .py: a PyTorch module.
        .safetensors: the weights that it loads. .json: the architecture. .onnx.zip and .py.zip: the model, with a
        script that classifies photos of any size. .int8.onnx: ONNX in int8, calibrated on training images; .h: the
        same as C (extra `microcontroller`); .tflite: LiteRT (extra `litert`). .md and .html: a model card.

        The file is run on all validation images. Raises ExportFailed; warns where the file loses more than 1 point of
        accuracy, and where it classifies some of the data set's original files otherwise than the training did.

        >>> import tempfile
        >>> lab.front[-1].export(tempfile.mkdtemp() + "/digits.onnx").name
        'digits.onnx'
        """
        return write_model(self.recorded, path)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        return self.recorded == other.recorded

    def __hash__(self) -> int:
        return hash(self.recorded)

    def __repr__(self) -> str:
        return repr(self.recorded)

    def _repr_html_(self) -> str:
        return model_html(self.recorded)


class Models(Sequence[Model]):
    """Models in an order, as a table. Positions count from 0, as in lists; `lab.model(7)` finds a model by its number.

    >>> len(lab.models) >= 4
    True
    >>> lab.front[-1].accuracy >= lab.front[0].accuracy
    True
    """

    def __init__(self, workspace: Workspace, trials: Iterable[Trial]) -> None:
        self._workspace = workspace
        self._recorded = tuple(with_parents(workspace, list(trials)))
        self._models = tuple(Model(recorded) for recorded in self._recorded)

    def __len__(self) -> int:
        return len(self._models)

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models)

    @overload
    def __getitem__(self, index: int) -> Model: ...
    @overload
    def __getitem__(self, index: slice) -> Models: ...
    def __getitem__(self, index: int | slice) -> Model | Models:
        if isinstance(index, slice):
            return Models(self._workspace, [recorded.trial for recorded in self._recorded[index]])
        if not self._models:
            raise NotFound("There is no model to take: the list is empty. Train one with lab.train(...).")
        last = len(self._models) - 1
        return self._models[require_count("index", index, -last - 1, last)]

    def fitting(self, target: str) -> Models:
        """Keep the models that fit a device, such as "arduino-nano-33-ble", or one of so much RAM and flash in KB.

        Raises InvalidArgument that says which devices there are.

        >>> len(lab.models.fitting("128/512")) <= len(lab.models)
        True
        """
        device = require_target(target)
        trials = [recorded.trial for recorded in self._recorded]
        return Models(self._workspace, [trial for trial in trials if device.has_room(trial.architecture)])

    def to_frame(self, library: str = "pandas") -> Any:
        """The models as a data frame, one row each.

        Columns: model (its number), layers, origin, parent, edits, state, epochs, seeds, parameters, multiply_adds;
        ram_int8, flash_int8, ram_float32, flash_float32 (bytes, computed from the layers, without a runtime);
        accuracy (0..1, mean over the seeds), deviation (of accuracy over the seeds), train_accuracy, loss (nats),
        latency_1_ms and latency_256_ms (milliseconds for a batch), seconds (of an epoch). NaN: not measured.

        library: "pandas", "polars" or "pyarrow". Raises MissingPackage where it is not installed.

        >>> frame = lab.models.to_frame()
        >>> list(frame.columns[:3])
        ['model', 'layers', 'origin']
        """
        return to_frame(model_columns(self._workspace, self._recorded), library)

    def export(self, path: str | Path, forms: Collection[str] = ()) -> Path:
        """Write the models to one .zip file, a folder each, and return its path.

        forms: suffixes as of `Model.export`, without .zip; by default ONNX in float and int8, PyTorch source, weights,
        architecture and model card. Raises ExportFailed; warns of what could not be made, and of files that lose more
        than 1 point of accuracy.

        >>> import tempfile
        >>> lab.front.export(tempfile.mkdtemp() + "/models.zip", forms=[".json"]).name
        'models.zip'
        """
        return write_models(self._workspace, [recorded.id for recorded in self._recorded], path, forms)

    def __repr__(self) -> str:
        return models_text(self._recorded)

    def _repr_html_(self) -> str:
        return models_html(self._workspace, self._recorded)
