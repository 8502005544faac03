"""A model: a trained architecture, what was measured on it, and what can be made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.snac.chips import Size, chips
from remap_core.errors import InvalidArgument, NotFound
from remap_core.formatting import milliseconds, model_name, pluralize
from remap_core.lab import notebook_html
from remap_core.lab.arguments import require_count, shown
from remap_core.lab.designs.design import Design, costs_table
from remap_core.lab.designs.neighbours import ablations_of, variations_of
from remap_core.lab.models.export_files import write_model
from remap_core.lab.models.model_comparison import Comparison, compared
from remap_core.lab.models.predictions import Prediction, predicted
from remap_core.lab.models.repeats import Repeats, require_of
from remap_core.lab.plots import ModelPlots
from remap_core.space.architecture import Architecture
from remap_core.space.draft import Draft
from remap_core.space.edit_marks import Marks, marks
from remap_core.space.edits import sentences
from remap_core.trials.evaluation import EpochResult, Evaluation
from remap_core.trials.trial import MAX_REPEATS, Origin, Trial, TrialState

if TYPE_CHECKING:
    from remap_core.lab.designs.design_table import Designs
    from remap_core.lab.lab import Lab
    from remap_core.lab.models.model_table import Models


class Model:
    """A model as it was when it was read; `lab.model(id)` reads it again.

    Accuracies are shares (0..1) of the validation images, latencies are milliseconds.

    >>> best = lab.front[-1]
    >>> best.state, best.epochs
    ('complete', 1)
    """

    def __init__(self, lab: Lab, trial: Trial, parent: Trial | None = None) -> None:
        self.lab = lab
        self.trial = trial
        self._parent = parent

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
        return self.lab.catalogue.epochs(self.id)

    @property
    def origin(self) -> str:
        """initial, ablation, variation or handcrafted."""
        return self.trial.proposal.origin.value

    @property
    def edits(self) -> list[str]:
        """What was done to its parent, in words; none without a parent."""
        if self._parent is None:
            return []
        return sentences(self._parent.architecture, self.trial.proposal.edits)

    @property
    def marks(self) -> Marks:
        """Where its layers differ from its parent's, for a drawing."""
        if self._parent is None:
            return Marks()
        return marks(self._parent.architecture, self.trial.proposal.edits)

    @property
    def parent(self) -> Model | None:
        """The model that it was made from; None where there is none."""
        if self._parent is None:
            return None
        return self.lab.model(self._parent.id)

    @property
    def children(self) -> Models:
        """The models that were made from it, in whatever state, oldest first."""
        return self.lab._table(self.lab.catalogue.children(self.id))

    @property
    def evaluation(self) -> Evaluation:
        """What it predicts on the validation images: confusion matrix, predictions, latency. Raises NotFound."""
        evaluation = self.lab.catalogue.evaluation(self.id)
        if evaluation is None:
            raise NotFound(f"{model_name(self.id)} has no predictions: it is {self.state}.")
        return evaluation

    @property
    def class_accuracy(self) -> dict[str, float]:
        """Validation accuracy (0..1) of each class, by its name. Raises NotFound for a model that is not complete."""
        shares = self.evaluation.class_accuracy.tolist()
        return dict(zip(self.lab.card.class_names, shares, strict=True))

    @property
    def plot(self) -> ModelPlots:
        """Figures of this model: curves, confusion, class_accuracy and snac."""
        return ModelPlots(self)

    def ablations(self, layers: Iterable[int] | None = None) -> Designs:
        """The model without each of its layers: what a layer is worth is what the child without it loses.

        layers: positions to leave out, one a child; by default each of them. What does not fit together, or is over
        the cap on parameters, is left out and named in `notes`.

        Raises InvalidArgument for a position that does not exist.

        >>> parent = lab.model(1)
        >>> len(parent.ablations(layers=[0]))
        1
        """
        return ablations_of(self, layers)

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
        return variations_of(self, children, edits, seed, allowed)

    def edited(self) -> Design:
        """A design to edit by hand, as a child of this model.

        >>> lab.model(1).edited().insert(0, "MaxPool 2").edits[0]
        'MaxPool 2 added before MaxPool 3 at 1'
        """
        return Design(Draft.of(self.architecture), Origin.HANDCRAFTED, self)

    def repeats(self, seeds: int = 3) -> Repeats:
        """Ask for further trainings with other seeds (1 to 10): accuracy becomes a mean with a spread.

        >>> lab.model(1).repeats(2)
        2 repeats of Model 1
        """
        return Repeats(self, require_count("seeds", seeds, 1, MAX_REPEATS))

    def compare(self, other: Model) -> Comparison:
        """Compare with another model: which layers differ, and whether the accuracies differ by more than noise.

        Raises InvalidArgument for anything that is not a model of this lab, NotFound where one is not complete.

        >>> lab.model(1).compare(lab.model(2)).p <= 1
        True
        """
        if not isinstance(other, Model):
            raise InvalidArgument(f"A model is compared with a model, but got {shown(other)}.")
        require_of(self.lab, other)
        return compared(self.lab.catalogue, self.trial, other.trial)

    def predict(self, images: NDArray[np.uint8]) -> Prediction:
        """Predict the classes of images.

        images: (n, height, width, channels) uint8, 0..255, as in an .npz file; (n, height, width) where there is one
        channel. Raises InvalidArgument for other images, NotFound for a model that is not complete.

        >>> import numpy as np
        >>> prediction = lab.front[-1].predict(np.zeros((2, 8, 8, 1), np.uint8))
        >>> prediction.probabilities.shape
        (2, 10)
        """
        self._require_complete("predict")
        return predicted(self, images)

    def export(self, path: str | Path) -> Path:
        """Write the model to a file, and return its path. The suffix tells the form.

        .onnx: for onnxruntime, images in as (n, channels, height, width) uint8. .py: a PyTorch module.
        .safetensors: the weights that it loads. .json: the architecture. Raises ExportFailed.

        >>> import tempfile
        >>> lab.front[-1].export(tempfile.mkdtemp() + "/digits.onnx").name
        'digits.onnx'
        """
        self._require_complete("be exported")
        return write_model(self, path)

    def _require_complete(self, purpose: str) -> None:
        if self.trial.state is not TrialState.COMPLETE:
            name = model_name(self.id)
            raise NotFound(f"A model must be complete to {purpose}, but {name} is {self.state}.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        return (self.lab.folder, self.id) == (other.lab.folder, other.id)

    def __hash__(self) -> int:
        return hash((self.lab.folder, self.id))

    def __repr__(self) -> str:
        accuracy = self.trial.accuracy_text(self.state)
        parameters = pluralize(self.parameters, "parameter")
        return f"{model_name(self.id)}: {accuracy}, {parameters}"

    def _repr_html_(self) -> str:
        row = chips(self.architecture, Size.LARGE)
        return notebook_html.framed(
            notebook_html.heading(model_name(self.id), self._facts()),
            notebook_html.drawing(row, Size.LARGE, self.marks),
            notebook_html.lines(self._story()),
            notebook_html.folded("Output shapes and costs", costs_table(self.architecture.costs)),
        )

    def _facts(self) -> str:
        facts = [self.trial.accuracy_text(self.state)]
        facts.append(pluralize(self.parameters, "parameter"))
        evaluation = self.lab.catalogue.evaluation(self.id)
        if evaluation:
            facts.append(milliseconds(evaluation.latency.batch_1_ms))
        if self.epochs:
            facts.append(pluralize(self.epochs, "epoch"))
        return ", ".join(facts)

    def _story(self) -> list[str]:
        if self.trial.error:
            return [self.trial.error]
        if self._parent is None:
            return []
        parent = model_name(self._parent.id)
        edits = "; ".join(self.edits)
        return [f"{self.origin.capitalize()} of {parent}: {edits}"]
