"""What the exports of a model are made from and checked on, read when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.datasets.dataset import load_dataset
from remap_core.errors import NotFound
from remap_core.exports.checks.torch_process import pytorch_logits
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.int8.quantised_onnx import MAX_CALIBRATION_IMAGES, quantised_onnx
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.onnx_session import Logits, onnx_session, session_logits
from remap_core.formatting import model_name
from remap_core.services.model_files import exported_training, finished_model
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial, TrialId

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ExportSource:
    """A model, the training whose weights are exported, and the images of its data set.

    Raises MissingPackage, NotFound or DatasetError where something is read that is not there.
    """

    catalogue: Catalogue
    folder: DataFolder
    trial: Trial
    model: FinishedModel

    @classmethod
    def of(
        cls, catalogue: Catalogue, folder: DataFolder, model: TrialId, training: TrialId | None = None
    ) -> ExportSource:
        """training: whose weights are exported, by default those of `exported_training`. Raises ExportFailed."""
        trial = catalogue.trial(model)
        if training is None:
            training = exported_training(catalogue, trial).id
        return cls(catalogue, folder, trial, finished_model(catalogue, folder, training))

    @cached_property
    def card(self) -> DatasetCard:
        """The data set's."""
        return self.catalogue.dataset(self.trial.proposal.dataset)

    @cached_property
    def evaluation(self) -> Evaluation:
        """What the training recorded of the validation images."""
        evaluation = self.catalogue.evaluation(self.model.id)
        if evaluation is None:
            raise NotFound(f"{model_name(self.model.id)} was not evaluated.")
        return evaluation

    @cached_property
    def validation_images(self) -> Pixels:
        """(n, channels, height, width), all of them."""
        images = read_validation_images(self.folder, self.card)
        return np.asarray(images).transpose(0, 3, 1, 2)

    @cached_property
    def calibration_images(self) -> Pixels:
        """(n, channels, height, width), up to 512 training images, evenly spread over all."""
        images = load_dataset(self.trial.proposal.dataset, self.folder.home).train.images
        rows = np.linspace(0, len(images) - 1, min(len(images), MAX_CALIBRATION_IMAGES)).round().astype(np.int64)
        return np.ascontiguousarray(images[rows].transpose(0, 3, 1, 2))

    @cached_property
    def int8_onnx(self) -> bytes:
        """The ONNX file in int8."""
        return quantised_onnx(self.model, self.calibration_images)

    @cached_property
    def onnx_logits(self) -> Logits:
        """Of the validation images, by the float ONNX file in onnxruntime."""
        return session_logits(onnx_session(onnx_bytes(self.model)), self.validation_images)

    @cached_property
    def pytorch_logits(self) -> Logits:
        """Of the validation images, by the exported PyTorch source in a process of its own."""
        return pytorch_logits(self.model, self.validation_images)
