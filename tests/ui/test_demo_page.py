"""The first look at a demo, with nothing trained."""

from apps import opened

from remap_core.ui.session import SESSION


def test_a_demo_opens_with_its_prepared_models_and_says_what_it_is(home, monkeypatch):
    monkeypatch.setenv("REMAP_PROFILE", "demo")
    app = opened("overview")
    assert not app.error
    session = app.session_state[SESSION]
    assert sum(session.catalogue.counts().values()) == 80
    captions = [caption.value for caption in app.sidebar.caption]
    assert f":material/person: {session.visitor}" in captions
    assert "A demo for everybody: what is trained here is gone when it restarts." in captions
    opened("queue")
    opened("generate", selected=1)
    opened("inspect", selected=1, tab="try-it")
