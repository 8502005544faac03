"""An architecture of a file: put into the draft, or trained as a model without a parent."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.errors import InvalidArchitecture
from remap_core.formatting import dataset_title, pluralize
from remap_core.imports.imported import Images, Imported
from remap_core.imports.reading import MAX_MEGABYTES, read_content
from remap_core.services.proposals import import_source, propose_designs
from remap_core.services.sampling import set_caps
from remap_core.space.architecture import Architecture
from remap_core.space.caps import exceeded
from remap_core.trials.trial import Origin, Proposal, Trial
from remap_core.ui import app_data, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.pictures import picture
from remap_core.ui.time_labels import expected_now, with_time

UPLOAD = "generate-import"


def import_file(parent: Trial, use: Callable[[Architecture], None]) -> None:
    """The choice of a file, what is read of it, and what can be done with that. use: makes it the draft."""
    file = st.file_uploader(
        "Or read a file: .onnx, .json, .txt or .safetensors", key=UPLOAD, max_upload_size=MAX_MEGABYTES
    )
    if file is None:
        return
    try:
        imported = _read(file.name, file.getvalue(), _images(parent))
    except InvalidArchitecture as error:
        st.error(escape_markdown(str(error)))
        return
    _show(imported)
    with st.container(horizontal=True, gap="small"):
        _train_button(parent, file.name, imported.architecture)
        st.button(
            "Use as draft",
            key="import-use",
            icon=":material/edit:",
            on_click=use,
            args=(imported.architecture,),
            help="It then becomes a child of the selected model.",
        )


@st.cache_data(max_entries=4, show_spinner=False)
def _read(name: str, content: bytes, images: Images) -> Imported:
    return read_content(name, content, images)


def _images(parent: Trial) -> Images:
    architecture = parent.architecture
    return Images(architecture.input_shape, architecture.classes, dataset_title(parent.proposal.dataset))


def _show(imported: Imported) -> None:
    architecture = imported.architecture
    picture(snac_data_uri(architecture, blocks=0, size=Size.SMALL), snac_alt(architecture))
    numbers = [pluralize(len(architecture.layers), "layer"), pluralize(architecture.parameters, "parameter")]
    st.caption(" ".join((f"{', '.join(numbers)}.", *imported.notes)))


def _train_button(parent: Trial, name: str, architecture: Architecture) -> None:
    over = exceeded(set_caps(app_data.settings()), architecture)
    card = app_data.dataset_view(parent.proposal.dataset).card
    propose = partial(
        propose_designs, app_data.settings(), card, [architecture], Origin.HANDCRAFTED, source=import_source(name)
    )
    st.button(
        with_time("Train it", None if over else expected_now(app_data.catalogue(), propose(time.time()))),
        key="import-train",
        type="primary",
        disabled=over is not None,
        help=f"Over the cap of {over.text} ({over.source})." if over else "As a model without a parent.",
        on_click=_train,
        args=(propose, sent_commands.press("import-train")),
    )


def _train(propose: Callable[[float], tuple[Proposal, ...]], press: sent_commands.Press) -> None:
    sent_commands.enqueue(propose(time.time()), press)
