"""Several models as one .zip file, a folder for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.drawing.model_card.card_html import card_html
from remap_core.drawing.model_card.card_markdown import card_markdown, card_snac
from remap_core.errors import ExportFailed, InvalidArgument, RemapError
from remap_core.exports.bundles import zipped
from remap_core.exports.export_formats import FORMS, require_form, suffix_of
from remap_core.formatting import model_name
from remap_core.services.exporting.card_contents import model_card
from remap_core.services.exporting.checked_export import INT8, CheckedExport, checked_export
from remap_core.services.exporting.export_source import ExportSource
from remap_core.trials.trial import TrialId

CARDS = (".md", ".html")
"""The forms of a model card."""
DEFAULT_FORMS = (".onnx", ".int8.onnx", ".py", ".safetensors", ".json", ".html", ".md")
"""What a .zip file has of each model unless other forms are asked for."""
ALL_FORMS = (".onnx", ".int8.onnx", ".h", ".tflite", ".py", ".safetensors", ".json", ".html", ".md")
"""What it may have."""

Progress = Callable[[float, str], object]
"""Is told which share (0..1) is done, and what is made next."""


@dataclass
class ExportZip:
    """A .zip file and what came of its models, in words.

    lines: one for each file that was checked; warnings: losses over 1 point, and what could not be made.
    """

    content: bytes = b""
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ZipRequest:
    """What goes into a .zip file. licence: stated on the model cards. now: seconds since 1970."""

    models: Sequence[TrialId]
    now: float
    forms: Collection[str] = DEFAULT_FORMS
    licence: str = ""


def export_zip(
    catalogue: Catalogue, folder: DataFolder, request: ZipRequest, progress: Progress | None = None
) -> ExportZip:
    """The models in a folder each, with a README.txt that says how each file does.

    What cannot be made of a model is left out and said. Raises InvalidArgument without models or forms, ExportFailed
    for another form, and where nothing can be made of any model.
    """
    _require(request)
    made = ExportZip()
    files: dict[str, bytes] = {}
    models = list(dict.fromkeys(request.models))
    for number, model in enumerate(models):
        try:
            source = ExportSource.of(catalogue, folder, model)
            for place, form in enumerate(form for form in ALL_FORMS if form in request.forms):
                if progress:
                    share = (number + place / len(request.forms)) / len(models)
                    progress(share, f"{model_name(model)}: {form}")
                files |= _files(source, made, form, request)
        except RemapError as error:
            made.warnings.append(str(error))
    if not files:
        raise ExportFailed(made.warnings[0])
    files["README.txt"] = "\n".join([*made.warnings, *made.lines, ""]).encode()
    made.content = zipped(files)
    return made


def made_file(source: ExportSource, name: str, now: float, licence: str = "") -> CheckedExport:
    """A file of one model by its suffix, a model card among them; raises as `checked_export` does."""
    suffix = suffix_of(name)
    require_form(suffix, (*FORMS, *INT8, *CARDS))
    if suffix not in CARDS:
        return checked_export(source, name)
    card = model_card(source, now, licence)
    return CheckedExport((card_html(card) if suffix == ".html" else card_markdown(card)).encode())


def _require(request: ZipRequest) -> None:
    if not request.models or not request.forms:
        raise InvalidArgument("A .zip file needs at least one model and one form.")
    for suffix in request.forms:
        require_form(suffix, ALL_FORMS)


def _files(source: ExportSource, made: ExportZip, suffix: str, request: ZipRequest) -> dict[str, bytes]:
    """The files of a model in one form, by their names; how they do, or why there are none, is added to `made`."""
    base = f"model-{source.trial.id}"
    name = f"{base}/{base}{suffix}"
    try:
        if suffix == ".md":
            card = model_card(source, request.now, request.licence)
            content = card_markdown(card, f"{base}.svg").encode()
            return {f"{base}/README.md": content, f"{base}/{base}.svg": card_snac(card).encode()}
        export = made_file(source, name, request.now, request.licence)
    except RemapError as error:
        made.warnings.append(f"{name}: {error}")
        return {}
    if export.sentence:
        made.lines.append(f"{name}: {export.sentence}")
    if export.warning:
        made.warnings.append(f"{name}: {export.warning}")
    return {name: export.content}
