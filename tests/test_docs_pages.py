"""The pages themselves: every link leads somewhere, every block of code can run, the site builds without a warning."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from PIL import Image

from remap_core.cli.typer_app import app
from remap_core.setting_sources import TEST_VARIABLES
from remap_core.settings import Settings

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SITE = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *SITE]
MAX_BYTES = 3_000_000
MAX_LINES = 120


def text_of(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def blocks_of(page: Path, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def anchors_of(page: Path) -> set[str]:
    """What links to parts of a page may name: its headings, as GitHub and the site write them."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    plain = [unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode() for heading in headings]
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in plain}


def links_of(page: Path) -> list[str]:
    """Where links and pictures of a page lead, but for other hosts."""
    text = re.sub(r"`[^`\n]*`", "", text_of(page))
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def leads_somewhere(link: str, page: Path) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    is_part = anchor and not anchor.startswith("only-")
    return target.exists() and (not is_part or anchor in anchors_of(target))


def test_every_link_and_every_picture_is_there():
    assert [(page.name, link) for page in PAGES for link in links_of(page) if not leads_somewhere(link, page)] == []


def test_pages_of_the_site_link_to_the_site_alone():
    outside = [
        (page.name, link)
        for page in SITE
        for link in links_of(page)
        if not (page.parent / link.partition("#")[0]).resolve().is_relative_to(ROOT / "docs")
    ]
    assert outside == []


def test_every_picture_in_light_has_one_in_dark():
    for page in SITE:
        light = re.findall(r"\((\S+)\.(\w+)#only-light\)", page.read_text(encoding="utf-8"))
        dark = re.findall(r"\((\S+)-dark\.(\w+)#only-dark\)", page.read_text(encoding="utf-8"))
        assert light == dark


@pytest.mark.parametrize("name", ["workspace.webp", "workspace-dark.webp"])
def test_the_moving_picture_moves_and_is_small(name):
    file = ROOT / "docs" / name
    with Image.open(file) as picture:
        assert picture.n_frames > 5
    assert file.stat().st_size < MAX_BYTES


def test_the_readme_is_short_and_leads_to_every_page():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in links_of(README)}
    below = [page for page in SITE if page.parent != ROOT / "docs" / "decisions" and page.name != "index.md"]
    assert [page.name for page in below if page not in linked] == []


def test_code_on_a_page_is_code():
    for page in PAGES:
        for block in blocks_of(page, "python"):
            if page.name != "api.md":  # signatures, and doctests of the docstrings
                compile(block, page.name, "exec")
        for block in blocks_of(page, "json"):
            json.loads(block)
        for block in blocks_of(page, "toml"):
            tomllib.loads(block)


def test_the_five_lines_of_the_readme_run(tmp_path, monkeypatch):
    (block,) = blocks_of(README, "python")
    lines = block.replace("n=12", "n=3").replace("epochs=5", "epochs=1").replace("suggest(3)", "suggest(1)")
    assert len([line for line in block.splitlines() if line]) == 5
    monkeypatch.chdir(tmp_path)
    exec(lines, {})  # noqa: S102 (our own page)
    assert (tmp_path / "best.onnx").is_file()


def test_the_layers_of_the_developers_page_are_read(capsys):
    (block,) = blocks_of(ROOT / "docs" / "tutorials" / "developer.md", "python")
    exec(block, {})  # noqa: S102 (our own page)
    assert int(capsys.readouterr().out) > 0


def words_of(line: str) -> Iterator[str]:
    """The words of a shell line; && and its like are words of their own."""
    words = shlex.shlex(line, posix=True, punctuation_chars="&|;")
    words.whitespace_split = True
    return words


def shell_calls(page: Path) -> list[list[str]]:
    """The commands of a page's shell blocks, as words, without what is set before them."""
    indented = re.findall(r"^    (python (?:.*\\\n)*.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    lines = "\n".join(blocks_of(page, "sh") + indented).replace("\\\n", " ").splitlines()
    calls: list[list[str]] = [[]]
    for line in lines:
        calls.append([])
        for word in words_of(line):
            if set(word) <= set("&|;"):
                calls.append([])
            elif calls[-1] or not re.match(r"[A-Z_]+=", word):
                calls[-1].append(word)
    return [call for call in calls if call]


def test_shell_lines_name_what_there_is():
    calls = [(page.name, call) for page in PAGES for call in shell_calls(page)]
    commands = [(name, words) for name, (program, *words) in calls if Path(program).name == "remap"]
    scripts = [(name, words) for name, (program, *words) in calls if program == "python"]
    assert len(commands) > 20
    assert len(scripts) > 5
    assert [call for call in commands if not is_command(call[1])] == []
    assert [call for call in scripts if not is_script(call[1])] == []


def test_settings_that_a_page_names_are_settings():
    known = {f"REMAP_{name.upper()}" for name in Settings.model_fields} | TEST_VARIABLES
    named = {name for page in PAGES for name in re.findall(r"\bREMAP_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))}
    assert named - known == set()


def is_command(words: list[str]) -> bool:
    """Whether `remap` has such a command, with such options."""
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    known = {"--help"} | {option for param in command.params for option in param.opts + param.secondary_opts}
    is_found = not hasattr(command, "commands") or words == ["--help"]
    return is_found and {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)} <= known


def is_script(words: list[str]) -> bool:
    """Whether a script or a module of this repository is there; others are not ours to know."""
    if words[0] == "-m" and words[1].startswith("benchmarks."):
        return (ROOT / words[1].replace(".", "/")).with_suffix(".py").is_file()
    return not words[0].startswith(("docs/", "tests/", "benchmarks/")) or (ROOT / words[0]).is_file()


def test_every_page_is_in_the_navigation_of_the_site():
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    listed = set(re.findall(r"[\w/-]+\.md", json.dumps(config["project"]["nav"])))
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in SITE}
    assert listed == {page for page in pages if not page.startswith("decisions/")}


def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("zensical", reason="needs the extra `docs`")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    built = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "build" / "site" / "tutorials" / "analyst" / "index.html").is_file()
