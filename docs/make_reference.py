"""Writes the reference pages from the code: docs/api.md, commands.md, settings.md and decisions.md.

    python docs/make_reference.py

A test fails where a file is not what this writes.
"""

from __future__ import annotations

import inspect
import sys
import typing
from pathlib import Path

import typer.main
from make_api import api_page

from remap_core.cli.typer_app import app
from remap_core.setting_sources import DEMO
from remap_core.settings import Settings

DOCS = Path(__file__).parent
WRITTEN = "This page is written by `python docs/make_reference.py`."
COMMANDS_HEAD = f"""# Commands

`remap COMMAND --help` says the same in a terminal. Exit codes: 0 done, 1 failed (one sentence says why), 2 wrong usage;
`remap status` exits with 3 if no trainer is running.

{WRITTEN}
"""
SETTINGS_HEAD = f"""# Settings

Each setting is read from the environment (`REMAP_EPOCHS=20`), else from `remap.toml` in the working folder
(`epochs = 20`), else it is the default. `remap config` prints every value and where it came from.

{WRITTEN}
"""
DEMO_HEAD = """## The demo profile

`REMAP_PROFILE=demo` has other [defaults](demo.md):
"""
DECISIONS_HEAD = f"""# Decisions

Why something is as it is: context, choice, figures, and what would reverse it. One page each, oldest first.

{WRITTEN}
"""


def commands_page() -> str:
    """Every command: a table of all, then each with its help, arguments and options."""
    commands = typer.main.get_command(app).commands
    lines = [COMMANDS_HEAD, "| command | what it does |", "|---|---|"]
    lines += [f"| [`remap {name}`](#remap-{name}) | {cell(summary(command))} |" for name, command in commands.items()]
    for name, command in commands.items():
        lines += ["", *command_section(f"remap {name}", command, "##")]
    return "\n".join(lines) + "\n"


def summary(command: typer.core.TyperCommand) -> str:
    """The first paragraph of a command's help."""
    return (command.help or "").split("\n\n")[0].replace("\n", " ")


def command_section(path: str, command: typer.core.TyperCommand, mark: str) -> list[str]:
    """A heading, the usage, the help, and a table of what the command takes; a group also has its commands."""
    members = getattr(command, "commands", {})
    words = [argument_word(param) for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option"]
    usage = " ".join([path, *(["COMMAND"] if members else []), *words, *(["[OPTIONS]"] if options else [])])
    lines = [f"{mark} {path}", "", "```text", usage, "```", "", help_text(command.help or "")]
    if command.params:
        lines += ["", "| | default | |", "|---|---|---|"]
        lines += [param_row(param, choices_of(command, param.name)) for param in command.params]
    for name, member in members.items():
        lines += ["", *command_section(f"{path} {name}", member, f"{mark}#")]
    return lines


def help_text(text: str) -> str:
    """The help of a command; JSON in it as code."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(f"```json\n{part}\n```" if part.startswith("{") else part for part in paragraphs)


def argument_word(param: typer.core.TyperArgument) -> str:
    """An argument as the usage shows it.

    FILE; [FILE] if it may be left out; FILE... if there may be several.
    """
    word = (param.metavar or param.name.upper()).strip("[]").removesuffix("...").strip("[]")
    word += "..." if param.nargs == -1 else ""
    return word if param.required else f"[{word}]"


def param_row(param: typer.core.TyperArgument | typer.core.TyperOption, choices: tuple[str, ...]) -> str:
    """A row of the table: how it is written, its default, what it is."""
    is_argument = param.param_type_name == "argument"
    written = argument_word(param).strip("[]") if is_argument else ", ".join(param.opts + param.secondary_opts)
    if not is_argument and param.metavar:
        written += f" {param.metavar}"
    default = "required" if param.required else default_text(param.default)
    listed = f" One of {', '.join(choices)}." if choices else ""
    return f"| `{cell(written)}` | {default} | {cell(param.help or '')}{listed} |"


def default_text(default: object) -> str:
    """A default in a table; nothing for None, the empty text and a switch that is off."""
    is_none = default is None or default is False or default == ""
    return "" if is_none else f"`{default}`"


def choices_of(command: typer.core.TyperCommand, name: str) -> tuple[str, ...]:
    """The words that an option may be, by the annotation of the command's function."""
    hint = typing.get_type_hints(inspect.unwrap(command.callback)).get(name) if command.callback else None
    return typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else ()


def settings_page() -> str:
    """Every setting with its default and its meaning, and what the demo profile has in place of it."""
    defaults = Settings()
    lines = [SETTINGS_HEAD, "| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `REMAP_{name.upper()}` | {value_text(getattr(defaults, name))} | {cell(field.description)} |")
    lines += ["", DEMO_HEAD, "| variable | default in the demo |", "|---|---|"]
    lines += [f"| `REMAP_{name.upper()}` | {value_text(value)} |" for name, value in DEMO.items()]
    return "\n".join(lines) + "\n"


def value_text(value: object) -> str:
    """A value in a table."""
    return "none" if value in (None, "") else f"`{value}`"


def decisions_page() -> str:
    """A list of the decision notes, by number, with their titles."""
    notes = sorted((DOCS / "decisions").glob("*.md"))
    titles = {note: note.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for note in notes}
    return "\n".join([DECISIONS_HEAD, *(f"- [{title}](decisions/{note.name})" for note, title in titles.items())]) + "\n"


def cell(text: str) -> str:
    """A text in a cell of a table."""
    return text.replace("\n", " ").replace("|", "\\|")


PAGES = {
    "api.md": api_page,
    "commands.md": commands_page,
    "settings.md": settings_page,
    "decisions.md": decisions_page,
}


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
        sys.stdout.write(f"Wrote docs/{page}.\n")
