"""A model as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remap_core.errors import ExportFailed
from remap_core.exports import export_formats
from remap_core.formatting import model_name
from remap_core.lab.arguments import shown
from remap_core.services.model_files import finished_model
from remap_core.system.files import write_file

if TYPE_CHECKING:
    from remap_core.lab.models.model import Model


def write_model(model: Model, path: object) -> Path:
    """See `Model.export`."""
    if not isinstance(path, str | Path) or not str(path).strip():
        raise ExportFailed(f"A model is exported to a path like model.onnx, but got {shown(path)}.")
    target = Path(path).expanduser()
    finished = finished_model(model.lab.catalogue, model.lab.folder, model.id)
    content = export_formats.export(finished, target.name)
    try:
        write_file(target, content)
    except OSError as error:
        name = model_name(model.id)
        raise ExportFailed(f"{name} cannot be written to {target}: {error.strerror}.") from error
    return target
