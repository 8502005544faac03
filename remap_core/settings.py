"""The settings: their names, defaults, and what each may be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

Device = Literal["auto", "cpu", "cuda"]
Profile = Literal["auto", "full", "demo"]
RecipeName = Literal["paper", "quick", "thorough"]

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")

AUTO_SPACE = "auto"
SPACE_NAMES = (AUTO_SPACE, "remap-2019", "modern", "residual", "mobile")
"""What `space` may be, except for a file."""


class Settings(BaseModel):
    """Every setting with its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Profile = Field(
        "auto",
        description="What the other defaults are for: full (a machine of one's own), demo (visitors, 1 GB of memory), "
        "or auto (demo on Streamlit Community Cloud).",
    )
    home: Path = Field(
        Path(".remap"),
        description="Data folder: catalogue, weights and inbox.",
    )
    dataset: str = Field(
        "digits",
        min_length=1,
        description="Data set: digits, leaves, mnist, fashion-mnist, cifar-10, one that was added, "
        "or a path to images.",
    )
    data_root: Path | None = Field(
        None,
        description="Folder on the server below which the Data page may read images; none: uploads only.",
    )
    space: str = Field(
        "auto",
        description="Search space of the initial models: remap-2019 (the paper's), modern, residual, mobile, auto (one "
        "that fits the images), or a path to a .toml file.",
    )
    population: int = Field(
        40,
        ge=0,
        le=100_000,
        description="Initial models, sampled when the catalogue is empty.",
    )
    epochs: int = Field(
        10,
        ge=1,
        le=10_000,
        description="Epochs for each initial model.",
    )
    halving: bool = Field(
        False,
        description="Successive halving of initial models and short children: the best third passes 1/9, then 1/3.",
    )
    patience: int = Field(
        0,
        ge=0,
        description="Early stopping: epochs to wait for a lower validation loss; 0 turns it off.",
    )
    batch_size: int = Field(
        0,
        ge=0,
        le=65_536,
        description="Batch size; 0 chooses one for the data set (16 to 256).",
    )
    recipe: RecipeName = Field(
        "quick",
        description="Training recipe: quick (one cycle of AdamW), thorough (for long trainings) or paper.",
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Highest learning rate; 0 is that of the recipe.",
    )
    max_parameters: int = Field(
        1_000_000,
        ge=100,
        le=10**15,
        description="Maximum number of parameters of a model.",
    )
    max_multiply_adds: int = Field(
        0,
        ge=0,
        le=10**15,
        description="Maximum number of multiply-adds of a model for one image; 0 for a default by the images.",
    )
    max_activation_memory: int = Field(
        0,
        ge=0,
        le=10**12,
        description="Maximum memory of a model's activations for one image in int8, in KB; 0 for a default by the "
        "images.",
    )
    max_seconds: int = Field(
        0,
        ge=0,
        le=10**9,
        description="Maximum expected seconds of a whole training of a sampled model; 0 for a default by the images.",
    )
    time_limit: int = Field(
        0,
        ge=0,
        le=10**9,
        description="Time limit of a training in seconds; 0 for none.",
    )
    memory_limit: int = Field(
        0,
        ge=0,
        le=10**9,
        description="Memory limit of a training's process in megabytes (Linux only); 0 for none.",
    )
    memory_total: int = Field(
        0,
        ge=0,
        le=10**9,
        description="Limit of the memory that app, trainer and workers hold together, in megabytes (Linux only), over "
        "which trainings fail; 0 for none.",
    )
    seed: int = Field(
        0,
        ge=0,
        lt=2**31,
        description="Random seed of sampling and training.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=1024,
        description="Trainings at a time; 0 for one per CPU core.",
    )
    device: Device = Field(
        "auto",
        description="Training device: auto (a GPU if available), cpu or cuda.",
    )
    executor: Literal["local", "ray"] = Field(
        "local",
        description="Where trainings run: local (processes on this machine) or ray (nodes of a Ray cluster).",
    )
    ray_address: str = Field(
        "auto",
        description="Address of the Ray cluster: HOST:PORT, or auto for a cluster on this machine.",
    )
    ray_gpus: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of a GPU for each training on Ray; 0 trains on CPUs.",
    )
    events: Literal["bridge", "package"] = Field(
        "bridge",
        description="How clicks in charts reach the app: bridge (default), or package (streamlit-plotly-events, for "
        "pages that may not run the bridge; extra `events`).",
    )
    trusted_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]{0,100}$",
        description="Header in which a reverse proxy names the signed-in person; empty: none is believed.",
    )
    trusted_groups_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]{0,100}$",
        description="Header in which the proxy lists that person's groups, separated by commas.",
    )
    trusted_proxies: str = Field(
        "",
        max_length=10_000,
        description="Addresses or networks of the proxies whose headers are believed, separated by commas.",
    )
    admins: str = Field(
        "",
        max_length=100_000,
        description="Who may do everything, separated by commas: e-mail addresses, @DOMAIN or group:NAME.",
    )
    builders: str = Field(
        "",
        max_length=100_000,
        description="Who may train, and cancel their own trainings; as for admins, or * for everybody.",
    )
    viewers: str = Field(
        "*",
        max_length=100_000,
        description="Who may look, and keep notes of their own; as for builders.",
    )
    groups_claim: str = Field(
        "groups",
        min_length=1,
        max_length=100,
        description="Claim in which the OIDC provider lists a person's groups.",
    )
    sign_in_hours: float = Field(
        12.0,
        gt=0,
        le=720,
        description="Hours after which a person must sign in again (OIDC).",
    )
    max_waiting: int = Field(
        100_000,
        ge=1,
        le=10**7,
        description="Maximum number of waiting trainings.",
    )
    max_waiting_each: int = Field(
        1_000,
        ge=1,
        le=10**7,
        description="Maximum number of waiting trainings of one person, where people sign in.",
    )
    max_epochs: int = Field(
        10_000,
        ge=1,
        le=10_000,
        description="Maximum number of epochs of a training.",
    )
    max_commands: int = Field(
        120,
        ge=1,
        le=10**6,
        description="Maximum number of commands of one person, or one visitor, in a minute.",
    )
    autostart: bool = Field(
        True,
        description="Whether the app starts a trainer when none is running.",
    )
    metrics_port: int = Field(
        0,
        ge=0,
        lt=2**16,
        description="Port of the trainer's metrics, health and readiness; 0 turns it off.",
    )
    app_metrics_port: int = Field(
        0,
        ge=0,
        lt=2**16,
        description="Port of the app's metrics, health and readiness; 0 turns it off.",
    )
    metrics_address: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address of both of these ports; 0.0.0.0 for access from other machines.",
    )

    @property
    def is_demo(self) -> bool:
        """Whether these are the settings of a demo that anybody may visit."""
        return self.profile == "demo"

    @field_validator("home", mode="before")
    @classmethod
    def _require_folder(cls, home: object) -> object:
        if home == "":
            raise PydanticCustomError("no_folder", "it must name a folder (. is the working folder)")
        return home

    @field_validator("data_root", mode="before")
    @classmethod
    def _read_none(cls, root: object) -> object:
        if root is None:
            raise PydanticCustomError("no_folder", "it must name a folder, or be empty for none")
        return None if root == "" else root

    @field_validator("home")
    @classmethod
    def _expand_user(cls, home: Path) -> Path:
        try:
            return home.expanduser()  # not every shell does so where a variable is set
        except RuntimeError:
            raise PydanticCustomError("no_user", "its ~ must stand for an existing home folder") from None

    @field_validator("space")
    @classmethod
    def _require_space(cls, space: str) -> str:
        if space not in SPACE_NAMES and not space.endswith(".toml"):
            names = ", ".join(SPACE_NAMES)
            raise PydanticCustomError("no_space", f"it must be {names} or a path to a .toml file")
        return space

    @field_validator("ray_address")
    @classmethod
    def _require_address(cls, address: str) -> str:
        match = _ADDRESS.fullmatch(address)
        is_address = match is not None and 0 < int(match["port"]) < 2**16
        if address != "auto" and not is_address:
            raise PydanticCustomError("no_address", "it must be auto or HOST:PORT")
        return address
