"""Models as files."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

from remap_core.errors import ExportFailed, RemapWarning
from remap_core.formatting import model_name
from remap_core.lab.arguments import shown
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.lab.workspace import Workspace
from remap_core.services.exporting.export_source import ExportSource
from remap_core.services.exporting.export_zip import DEFAULT_FORMS, ZipRequest, export_zip, made_file
from remap_core.services.model_files import original_check
from remap_core.system.files import write_file
from remap_core.trials.trial import TrialId


def write_model(recorded: RecordedTrial, path: object) -> Path:
    """See `Model.export`."""
    recorded.require_complete("be exported")
    if not isinstance(path, str | Path) or not str(path).strip():
        raise ExportFailed(f"A model is exported to a path like model.onnx, but got {shown(path)}.")
    target = Path(path).expanduser()
    workspace = recorded.workspace
    source = ExportSource.of(workspace.catalogue, workspace.folder, recorded.trial.id)
    made = made_file(source, target.name, time.time())
    _write(target, made.content, model_name(recorded.id))
    check = original_check(workspace.catalogue, workspace.folder, source.model)
    if check and not check.is_same:
        warnings.warn(check.sentence, RemapWarning, stacklevel=3)
    if made.warning:
        warnings.warn(made.warning, RemapWarning, stacklevel=3)
    return target


def write_models(workspace: Workspace, models: Sequence[TrialId], path: object, forms: Collection[str]) -> Path:
    """See `Models.export`."""
    if not isinstance(path, str | Path) or Path(path).suffix.lower() != ".zip":
        raise ExportFailed(f"Models are exported to a path like models.zip, but got {shown(path)}.")
    target = Path(path).expanduser()
    request = ZipRequest(models, time.time(), forms or DEFAULT_FORMS)
    made = export_zip(workspace.catalogue, workspace.folder, request)
    _write(target, made.content, "The models")
    for warning in made.warnings:
        warnings.warn(warning, RemapWarning, stacklevel=3)
    return target


def _write(target: Path, content: bytes, subject: str) -> None:
    try:
        write_file(target, content)
    except OSError as error:
        raise ExportFailed(f"{subject} cannot be written to {target}: {error.strerror}.") from error
