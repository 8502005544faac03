"""The files of models that were removed with their data set."""

from __future__ import annotations

import shutil
from collections.abc import Collection

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.validation_images import validation_images_path


def remove_files(folder: DataFolder, trials: Collection[int], dataset: str = "") -> None:
    """Delete weights and checkpoints of trials, and the published images of the data set; raises FolderUnusable.

    What is not there is no error: a trainer that was killed on the way tries all of them again.
    """
    with folder.errors_as_unusable():
        present = {path.name for path in folder.artifacts.iterdir()}
        for trial in trials:
            if str(trial) in present:
                shutil.rmtree(folder.artifacts / str(trial), ignore_errors=True)
        if dataset:
            shutil.rmtree(validation_images_path(folder, dataset).parent, ignore_errors=True)
