"""Pages, run by Streamlit's own test runner."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pytest import MonkeyPatch
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from remap_core.access.person import Person
from remap_core.access.roles import Role
from remap_core.ui.people import visitor
from remap_core.ui.session import SESSION, Session, current_session

ROOT = Path(__file__).parents[1]


class _NavigatedPages(PagesManager):
    """Pages as a server knows them that has been running for a while: the entry point navigates.

    With AppTest alone, every run is the first one of a server, which runs a page without the entry point and then
    reruns it, so that a press of a button is lost.
    """


# a server looks for components in all installed packages once, the test runner in every run
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
PagesManager.uses_pages_directory = False
app_test.PagesManager = _NavigatedPages


def opened(page: str, drawer=(), selected=None, **query: str) -> AppTest:
    """A page as a visitor sees it who has models in the drawer and one selected."""
    if selected is not None:
        query = {"model": str(selected), **query}  # what is selected stands in the URL
    return _run(page, Session(drawer=list(drawer)), query)


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


def type_into(choice: Any, text: str) -> Any:
    """Type what a list does not have yet; the test runner alone sends nothing but its options."""
    choice.options.append(choice.format_func(text))
    return choice.set_value(text)


def said(app: AppTest) -> str:
    """All that a page says in words."""
    parts = (app.caption, app.info, app.warning, app.error, app.markdown, app.subheader, app.title, app.toast)
    return "\n".join(str(element.value) for kind in parts for element in kind)


def address(app: AppTest) -> dict[str, str]:
    """The parts of the URL."""
    return {key: text if isinstance(text, str) else text[0] for key, text in app.query_params.items()}


def go(app: AppTest, page: str) -> AppTest:
    """A click in the navigation: it names the page and nothing else."""
    app.query_params.clear()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def map_spec(app: AppTest) -> str:
    """The map's figure as it is sent to the browser, as text."""
    (chart,) = (chart for chart in app.get("plotly_chart") if chart.key == "overview-chart")
    return chart.proto.spec


def map_traces(app: AppTest) -> dict[str, dict[str, Any]]:
    """The traces of the map's figure by their names."""
    return {trace["name"]: trace for trace in json.loads(map_spec(app))["data"] if "name" in trace}


def map_additions(app: AppTest) -> dict[str, Any]:
    """What the browser puts into the map: traces, marks, colours, axes."""
    (component,) = (part for part in app.get("bidi_component") if part.key == "overview-chart-later")
    return json.loads(component.proto.json)


def sign_in(monkeypatch: MonkeyPatch, person: str, role: Role | None) -> None:
    """From now on, who opens a page or presses a button is that person, with that role; all others sign in, too."""

    def identify() -> None:
        session = current_session()
        session.person, session.role = Person(person), role

    monkeypatch.setattr(visitor, "is_open", lambda: False)
    monkeypatch.setattr(visitor, "identify", identify)
