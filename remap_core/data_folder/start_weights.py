"""The weights that a training starts from."""

from __future__ import annotations

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import FolderUnusable, TrainingFailed
from remap_core.formatting import model_name
from remap_core.trials.trial import Trial

START = "start.safetensors"
"""Name of the file in a trial's folder."""


def provide_start(folder: DataFolder, trial: Trial) -> None:
    """Copy the weights that a trial starts from, if any, into its folder, from where its executor takes them along.

    Raises TrainingFailed where they are gone or cannot be copied.
    """
    start = trial.proposal.config.start
    if start is None:
        return
    own = folder.artifacts / str(trial.id)
    if own.exists() and any(own.glob("*.safetensors")):  # it was started before
        return
    name = model_name(start)
    try:
        content = folder.weights(start).read_bytes()
        own.mkdir(exist_ok=True)
        folder.write(own / START, content)
    except FileNotFoundError:
        use = "its children cannot start from them" if trial.proposal.inherits else "it cannot be finished"
        raise TrainingFailed(f"The weights of {name} are gone, so {use}.") from None
    except (OSError, FolderUnusable) as error:
        raise TrainingFailed(f"The weights of {name} cannot be copied: {error}") from error
