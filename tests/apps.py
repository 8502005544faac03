"""Pages, run by Streamlit's own test runner."""

from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from remap_core.ui.session import SESSION, Session

ROOT = Path(__file__).parents[1]


class _NavigatedPages(PagesManager):
    """Pages as a server knows them that has been running for a while: the entry point navigates.

    AppTest would let every run be the first one of a server, which runs a page without the entry point and then anew;
    a press of a button is lost thereby.
    """


PagesManager.uses_pages_directory = False
app_test.PagesManager = _NavigatedPages


def opened(page: str, drawer=(), selected=None, **query: str) -> AppTest:
    """A page as a visitor sees it who has models in the drawer and one selected."""
    return _run(page, Session(drawer=list(drawer), selected=selected), query)


def linked(page: str, drawer: str, **query: str) -> AppTest:
    """A page as somebody sees it who opens a link that names a drawer."""
    return _run(page, Session(), {"drawer": drawer, **query})


def _run(page: str, session: Session, query: dict[str, str]) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state[SESSION] = session
    app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All that a page says in words."""
    parts = (app.caption, app.info, app.warning, app.error, app.markdown, app.subheader, app.title, app.toast)
    return "\n".join(str(element.value) for kind in parts for element in kind)
