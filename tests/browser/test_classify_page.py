"""docs/examples/classify.html, served as docs/deploy.md says: it sees and answers what classify.py does."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from browsing import free_port
from photo_models import PhotoModel
from photographs import HUES, in_16_bits, painted
from PIL import Image
from playwright.sync_api import expect

from remap_core.datasets.photos import open_photo, photo_pixels
from remap_core.drawing.model_card.run_examples import javascript_example

ROOT = Path(__file__).parents[2]
DEPLOY = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
SERVE, OWN_COPY = re.findall(r"```sh\n(.*?)```", DEPLOY, re.DOTALL)[2:]
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
PLACE = Path(os.environ.get("REMAP_TEST_ORT_WEB", Path.home() / ".cache" / "remap-tests"))
SEEN = """() => {
  const canvas = document.querySelector('canvas')
  return Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)
}"""


@pytest.fixture(scope="module")
def package() -> Path:
    """onnxruntime-web as npm packs it; it is kept for the next time."""
    found = sorted(PLACE.glob("onnxruntime-web-1.*.tgz"))
    if not found and shutil.which("npm"):
        PLACE.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "onnxruntime-web@^1", "--silent", "--pack-destination", str(PLACE)]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, timeout=120, capture_output=True, check=False)
        found = sorted(PLACE.glob("onnxruntime-web-1.*.tgz"))
    if not found:
        pytest.skip(f"needs onnxruntime-web: neither a copy in {PLACE} (REMAP_TEST_ORT_WEB) nor npm has it")
    return found[-1]


@pytest.fixture(scope="module")
def runtime(package) -> dict[str, bytes]:
    """The files of onnxruntime-web that the page loads."""
    with tarfile.open(package) as archive:
        return {name: archive.extractfile(f"package/dist/{name}").read() for name in FILES}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return PhotoModel(tmp_path_factory.mktemp("home"))


@pytest.fixture
def folder(trained, tmp_path):
    """What is served: the unpacked export with the page."""
    trained.model.export(tmp_path / "trees.onnx.zip")
    shutil.unpack_archive(tmp_path / "trees.onnx.zip", tmp_path / "trees")
    return tmp_path / "trees"


@pytest.fixture
def url(folder):
    """The page's address, served by the two commands of docs/deploy.md on a free port."""
    copy, serve = SERVE.splitlines()
    subprocess.run(copy.replace(" trees/", f" {folder}/"), shell=True, cwd=ROOT, check=True)  # noqa: S602 (our page)
    port = str(free_port())
    assert serve.startswith("python -m http.server 8000 --directory trees ")
    command = [sys.executable, *serve.partition("#")[0].split()[1:]]
    server = subprocess.Popen(
        [{"8000": port, "trees": str(folder)}.get(word, word) for word in command], stderr=subprocess.DEVNULL
    )
    address = serve.rpartition("# ")[2].replace("8000", port).replace("localhost", "127.0.0.1")
    for _ in range(300):
        with suppress(OSError):
            urllib.request.urlopen(address, timeout=1)  # noqa: S310 (our own server)
            break
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    yield address
    server.kill()
    server.wait()


@pytest.fixture
def beside(folder, runtime) -> None:
    """A copy of onnxruntime-web beside the page."""
    for name, content in runtime.items():
        (folder / name).write_bytes(content)


def classified(page, photo: Path) -> dict[str, float]:
    """What the page says of a photo: shares (0..1) by class, the most probable first."""
    page.set_input_files("input", photo)
    expect(page.get_by_role("status")).to_have_text(photo.name)
    lines = [item.locator("span").all_inner_texts() for item in page.locator("li").all()]
    return {name: float(share.rstrip("%")) / 100 for name, share in lines}


def seen(page) -> np.ndarray:
    """The pixels that went into the model, (12, 12, 3)."""
    return np.array(page.evaluate(SEEN)).reshape(12, 12, 4)[..., :3]


def by_onnxruntime(folder: Path, pixels: np.ndarray) -> dict[str, float]:
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    batch = np.ascontiguousarray(pixels.astype(np.uint8).transpose(2, 0, 1)[np.newaxis])
    logits = session.run(["logits"], {"images": batch})[0][0].astype(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum()
    return dict(zip(HUES, shares, strict=True))


def test_with_onnxruntime_web_of_the_cdn_validation_images_are_classified_as_in_python(
    page, url, folder, trained, runtime
):
    (folder / "copy").mkdir()
    for name, content in runtime.items():
        (folder / "copy" / name).write_bytes(content)
    copy = f'export * from "{url.rpartition("/")[0]}/copy/{FILES[0]}"'  # a route is slow with the 14 MB of wasm
    answer = {"body": copy, "content_type": "text/javascript", "headers": {"access-control-allow-origin": "*"}}
    page.route(f"https://cdn.jsdelivr.net/npm/onnxruntime-web@1/dist/{FILES[0]}", lambda route: route.fulfill(**answer))
    page.goto(url)
    expect(page.get_by_role("status")).to_have_text("3 classes: brick, grass, sky & sea")
    expect(page).to_have_title("Model 1 of mine")
    for file, predicted in trained.validated:
        shares = classified(page, file)
        assert next(iter(shares)) == predicted
        assert shares == pytest.approx(by_onnxruntime(folder, seen(page)), abs=6e-4)
    page.unroute_all()


@pytest.mark.usefixtures("beside")
def test_the_javascript_of_a_models_card_says_the_class_that_onnxruntime_says(page, url, folder, trained):
    """As the card has it, in a page with a photo; an import map tells where onnxruntime-web is."""
    script = javascript_example("model.onnx", trained.model.architecture.input_shape)
    imports = json.dumps({"imports": {"onnxruntime-web": f"./{FILES[0]}"}})
    steps = json.loads((folder / "classify.json").read_text())["steps"]
    for number, (file, predicted) in enumerate(trained.validated):  # new names each time: a browser keeps files
        pixels = photo_pixels(open_photo(file), 12, 12, **steps)  # as the data set was made: the example only scales
        Image.fromarray(pixels).save(folder / f"{number}.png")
        (folder / f"{number}.html").write_text(
            f'<script type="importmap">{imports}</script><img src="{number}.png">'
            f'<script type="module">{script}</script>'
        )
        with page.expect_console_message(lambda message: message.text.startswith("class")) as said:
            page.goto(url.replace("classify.html", f"{number}.html"))
        assert said.value.text.split()[:2] == ["class", str(list(HUES).index(predicted))]


def test_the_commands_put_a_copy_of_onnxruntime_web_beside_the_page(package, folder, tmp_path):
    pack, *rest = OWN_COPY.splitlines()
    assert pack == "npm pack 'onnxruntime-web@^1'"
    shutil.copy(package, tmp_path)
    subprocess.run(["bash", "-ec", "\n".join(rest)], cwd=tmp_path, check=True)
    assert set(FILES) < {path.name for path in folder.iterdir()}


STEPS = [
    {"fit": "crop"},
    {"fit": "pad", "background": "black"},
    {"fit": "squash"},
    {"side": None, "fit": "squash"},
]


@pytest.mark.usefixtures("beside")
def test_the_model_sees_the_pixels_that_pillow_makes(page, url, folder, tmp_path):
    constants = json.loads((folder / "classify.json").read_text())
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8))
    photos = {
        "large.png": noise.resize((613, 431)),
        "tall.png": noise.resize((28, 45)),
        "grey.png": noise.resize((90, 71)).convert("L"),
        "palette.png": noise.resize((55, 45)).quantize(40),
        "small.png": noise.resize((7, 5)),
        "same.png": noise.resize((12, 12)),
    }
    photos["see-through.png"] = photos["large.png"].copy()
    photos["see-through.png"].putalpha(Image.linear_gradient("L").resize((613, 431)))
    for steps in STEPS:
        constants["steps"] |= {"side": 12, "background": "white"} | steps
        (folder / "classify.json").write_text(json.dumps(constants))
        page.goto(url)
        expect(page.get_by_role("status")).to_contain_text("3 classes")
        for name, photo in photos.items():
            photo.save(tmp_path / name)
            classified(page, tmp_path / name)
            expected = photo_pixels(photo, 12, 12, **constants["steps"]).astype(int)
            apart = np.abs(seen(page) - expected)
            assert apart.max() <= 1, (name, steps)


@pytest.mark.usefixtures("beside")
def test_what_it_cannot_classify_is_one_sentence(page, url, tmp_path):
    (tmp_path / "notes.png").write_text("not a photo")
    in_16_bits(tmp_path)
    painted(HUES["grass"], 1).save(tmp_path / "after.png")
    page.goto(url)
    for photo, why in (
        (tmp_path / "notes.png", "it is no image that this browser opens"),
        (tmp_path / "dark" / "0.png", "it has 16 bits, of which a browser keeps 8: use classify.py"),
    ):
        page.set_input_files("input", photo)
        expect(page.get_by_role("status")).to_have_text(f"{photo.name} is not classified: {why}.")
    assert sum(classified(page, tmp_path / "after.png").values()) == pytest.approx(1, abs=2e-3)


def test_without_a_model_or_onnxruntime_web_it_says_what_is_missing(page, url, folder):
    page.route(re.compile("^https:"), lambda route: route.abort())
    page.goto(url)
    expect(page.get_by_role("status")).to_have_text("onnxruntime-web cannot be loaded: the CDN does not answer.")
    page.unroute_all()
    (folder / "model.onnx").unlink()
    page.goto(url)
    expect(page.get_by_role("status")).to_have_text(
        "model.onnx is not beside this page. Unpack the .onnx.zip here and serve the folder: python -m http.server"
    )
