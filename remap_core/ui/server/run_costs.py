"""What Streamlit works out in each run of a page or a part of it, although it comes out the same each time."""

from __future__ import annotations

from functools import cache, wraps

from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session


@cache
def keep_the_theme() -> None:
    """Work out the theme once for the process: Streamlit (1.67) does so in each run, an eighth of what clicks cost."""
    populate = getattr(app_session, "_populate_theme_msg", None)
    if populate is None:  # another Streamlit
        return
    known: dict[str, CustomThemeConfig] = {}

    @wraps(populate)
    def populate_once(msg: CustomThemeConfig, section: str = "theme") -> None:
        if section not in known:
            known[section] = CustomThemeConfig()
            populate(known[section], section)
        if known[section].ByteSize():
            msg.MergeFrom(known[section])

    app_session._populate_theme_msg = populate_once
