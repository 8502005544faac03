"""What can be wrong with a cluster, each in one sentence and soon."""

import socket
import sys
import threading

import pytest
from on_nodes import load_name
from trainings import prepare

from remap_core.errors import SettingsError, TrainingFailed
from remap_core.trainer.executors.ray.cluster import join
from remap_core.trainer.executors.ray.node_tasks import prepare_node
from remap_core.version import __version__


def refusal(address) -> str:
    with pytest.raises(SettingsError) as caught:
        join(address)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def ray():
    return pytest.importorskip("ray", reason="needs Ray: pip install -e '.[ray]'")


@pytest.fixture(params=[b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["mute", "web"])
def stranger(request):
    """The address of something that is no Ray cluster: it says the same to everybody and hangs up."""
    with socket.create_server(("", 0)) as server:

        def answer():
            while True:
                try:
                    with server.accept()[0] as connection:
                        connection.recv(100)
                        connection.sendall(request.param)
                except OSError:
                    return

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert refusal("auto") == "executor = 'ray' needs the extra `ray`: pip install 'remap-nas[ray]'."


def test_an_address_where_nothing_listens_is_refused_at_once(ray):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    assert refusal(address) == f"There is no Ray cluster at ray_address = {address!r}: Connection refused."


def test_a_host_that_does_not_exist_is_refused_at_once(ray):
    assert "There is no Ray cluster at ray_address = 'nowhere.invalid:6379': " in refusal("nowhere.invalid:6379")


def test_something_else_that_listens_there_is_not_taken_for_a_cluster(ray, stranger):
    assert refusal(stranger).endswith(": something else answers there.")


def test_an_address_that_accepts_and_then_says_nothing_is_not_waited_for(ray, monkeypatch):
    monkeypatch.setattr("remap_core.trainer.executors.ray.cluster.ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert "no answer within 0.1 seconds" in refusal(f"127.0.0.1:{server.getsockname()[1]}")


def test_without_a_cluster_on_this_machine_the_error_says_how_to_start_one(ray, monkeypatch, tmp_path):
    def find_none(**_):
        raise ConnectionError("Could not find any running Ray instance. Please specify the one to connect to by ...")

    monkeypatch.setattr(ray, "init", find_none)
    assert refusal("auto") == (
        "There is no Ray cluster on this machine (ray_address = 'auto'): start one with `ray start --head`, or name "
        "another one as HOST:PORT."
    )


def test_a_node_with_another_version_of_this_software_does_not_train():
    assert prepare_node(prepare, __version__) == "a toy"
    with pytest.raises(TrainingFailed, match=rf"It has version {__version__} of remap-nas, but the trainer has 9\.9\."):
        prepare_node(prepare, "9.9")
    assert load_name("toy") == "toy"
