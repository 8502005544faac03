"""A model as a file."""

from __future__ import annotations

import warnings
from pathlib import Path

from remap_core.errors import ExportFailed, RemapWarning
from remap_core.exports import export_formats
from remap_core.formatting import model_name
from remap_core.lab.arguments import shown
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.services.model_files import exported_training, finished_model, original_check
from remap_core.system.files import write_file


def write_model(recorded: RecordedTrial, path: object) -> Path:
    """See `Model.export`."""
    recorded.require_complete("be exported")
    if not isinstance(path, str | Path) or not str(path).strip():
        raise ExportFailed(f"A model is exported to a path like model.onnx, but got {shown(path)}.")
    target = Path(path).expanduser()
    workspace = recorded.workspace
    training = exported_training(workspace.catalogue, recorded.trial)
    finished = finished_model(workspace.catalogue, workspace.folder, training.id)
    content = export_formats.export(finished, target.name)
    try:
        write_file(target, content)
    except OSError as error:
        name = model_name(recorded.id)
        raise ExportFailed(f"{name} cannot be written to {target}: {error.strerror}.") from error
    check = original_check(workspace.catalogue, workspace.folder, finished)
    if check and not check.is_same:
        warnings.warn(check.sentence, RemapWarning, stacklevel=3)
    return target
