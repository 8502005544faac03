"""Where to start: the selected model, or three that are worth a look."""

from remap_core.ui.model_map import first_paint

first_paint.begin()

from remap_core.ui import app_data, frame, sent_commands
from remap_core.ui.data.first_models import require_models
from remap_core.ui.overview.model_card import show_card
from remap_core.ui.overview.start_here import show_start
from remap_core.ui.session import current_session

with frame.body():
    require_models()
    catalogue = app_data.catalogue()
    for trial in catalogue.trials([current_session().selected or 0]):
        show_card(catalogue, trial)
    show_start()
    sent_commands.show_answers()
