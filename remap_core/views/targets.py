"""Targets: devices that a network must fit, and what it needs of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from remap_core.errors import InvalidView
from remap_core.formatting import kilobytes
from remap_core.space.architecture import Architecture
from remap_core.space.caps import KILOBYTE, Cap, Caps, Cost
from remap_core.space.footprint import FLOAT_BYTES, Footprint, footprint
from remap_core.space.layers import GlobalAvgPool2d

RUNTIME = Footprint(ram_bytes=64 * KILOBYTE, flash_bytes=192 * KILOBYTE)
"""What of a microcontroller is not left for the network: board support, TensorFlow Lite Micro with its kernels, the
tables in its arena, the stack. Sizes that others published for such programs, rounded up: see docs/decisions/036."""


@dataclass(frozen=True)
class Target:
    """A device by the name that URLs and commands use, and by that for people.

    flash, ram: bytes of the whole device; no RAM where nothing limits it. int8: whether networks run in int8 there,
    else in float32. runtime: what of both the runtime takes.
    """

    key: str
    name: str
    flash: int
    ram: int | None = None
    int8: bool = True
    runtime: Footprint = RUNTIME

    @property
    def ram_left(self) -> int | None:
        """Bytes of RAM for the activations; None where nothing limits them."""
        return None if self.ram is None else self.ram - self.runtime.ram_bytes

    @property
    def flash_left(self) -> int:
        """Bytes of flash for the model file."""
        return self.flash - self.runtime.flash_bytes

    @property
    def number_format(self) -> str:
        """The type of weights and activations."""
        return "int8" if self.int8 else "float32"

    @property
    def most_parameters(self) -> int:
        """Parameters whose weights alone fill the flash: where an axis of parameters has the end of the budget."""
        return self.flash_left if self.int8 else self.flash_left // FLOAT_BYTES

    @property
    def caps(self) -> Caps:
        """The limits on architectures that fit."""
        cost = Cost.FLASH_INT8 if self.int8 else Cost.FLASH_FLOAT
        flash = Cap(cost, self.flash_left, self.name)
        if self.ram_left is None:
            return (flash,)
        values = self.ram_left if self.int8 else self.ram_left // FLOAT_BYTES
        return Cap(Cost.MEMORY, values, self.name), flash

    @property
    def room(self) -> str:
        """What is left for the network, in words.

        >>> TARGETS["arduino-nano-33-ble"].room
        '192 KB of RAM and 832 KB of flash'
        """
        return _memory_text(self._limits)

    def needs(self, architecture: Architecture) -> Footprint:
        """What an architecture needs there."""
        return footprint(architecture, self.int8)

    def has_room(self, architecture: Architecture) -> bool:
        """Whether an architecture fits."""
        return self.excess(self.needs(architecture)) <= 1

    def verdict(self, needed: Footprint) -> str:
        """Whether a network fits, or what it exceeds and by how much.

        >>> nano = TARGETS["arduino-nano-33-ble"]
        >>> nano.verdict(Footprint(8_000, 64_000)), nano.verdict(Footprint(300 * 1024, 64_000))
        ('fits Arduino Nano 33 BLE', 'exceeds Arduino Nano 33 BLE by 108 KB of RAM')
        """
        over = self._over(needed)
        if not over:
            return f"fits {self.name}"
        return f"exceeds {self.name} by {_memory_text(over)}"

    def brief_verdict(self, needed: Footprint) -> str:
        """The same where space is short and the target is known.

        >>> TARGETS["arduino-nano-33-ble"].brief_verdict(Footprint(300 * 1024, 64_000))
        'RAM +108 KB'
        """
        texts = [f"{kind} +{kilobytes(amount)}" for kind, amount in self._over(needed)]
        return ", ".join(texts) or "fits"

    def _over(self, needed: Footprint) -> list[tuple[str, int]]:
        pairs = zip(self._limits, self._amounts(needed), strict=True)
        return [(kind, amount - left) for (kind, left), amount in pairs if amount > left]

    def excess(self, needed: Footprint) -> float:
        """The larger share of its room that a network needs: above 1 it does not fit."""
        return max(amount / left for (_, left), amount in zip(self._limits, self._amounts(needed), strict=True))

    def needs_text(self, needed: Footprint) -> str:
        """What a network needs, in words."""
        return _memory_text(
            (kind, amount) for (kind, _), amount in zip(self._limits, self._amounts(needed), strict=True)
        )

    @property
    def _limits(self) -> Sequence[tuple[str, int]]:
        if self.ram_left is None:
            return [("download", self.flash_left)]
        return [("RAM", self.ram_left), ("flash", self.flash_left)]

    def _amounts(self, needed: Footprint) -> Sequence[int]:
        return [needed.flash_bytes] if self.ram is None else [needed.ram_bytes, needed.flash_bytes]


def _memory_text(amounts: Iterable[tuple[str, int]]) -> str:
    return " and ".join(f"{kilobytes(amount)} of {kind}" for kind, amount in amounts)


_TARGETS = (
    Target("arduino-nano-33-ble", "Arduino Nano 33 BLE", flash=1024 * KILOBYTE, ram=256 * KILOBYTE),
    Target("esp32-s3", "ESP32-S3", flash=8192 * KILOBYTE, ram=512 * KILOBYTE),
    Target("raspberry-pi-pico", "Raspberry Pi Pico", flash=2048 * KILOBYTE, ram=264 * KILOBYTE),
    Target("browser", "Browser", flash=1024 * KILOBYTE, int8=False, runtime=Footprint(0, 0)),
)
TARGETS = MappingProxyType({target.key: target for target in _TARGETS})
"""The named targets by key. A browser loads the network as a float32 file; its runtime is loaded once for all pages."""


_OWN = re.compile(r"\s*(\d{1,9})\s*(?:KB)?\s*(?:RAM)?\s*[-/,]\s*(\d{1,9})\s*(?:KB)?\s*(?:flash)?\s*", re.IGNORECASE)
OWN_FORM = "RAM/flash in KB, such as 128/512"
"""How a device of one's own is written."""
MOST_KILOBYTES = 1024 * 1024


def find_target(key: str) -> Target:
    """The target of a key, or of RAM and flash in KB; raises InvalidView that says what there is.

    >>> find_target("esp32-s3").name, find_target("128 KB / 512 KB").key
    ('ESP32-S3', '128-512')
    """
    if key in TARGETS:
        return TARGETS[key]
    own = _OWN.fullmatch(key)
    if own:
        return _own_target(*map(int, own.groups()))
    raise InvalidView(f"The target must be one of {', '.join(TARGETS)}, or {OWN_FORM}, but got {key!r:.60}.")


def _own_target(ram: int, flash: int) -> Target:
    """A microcontroller of so many KB of RAM and flash, of which the runtime takes its part."""
    least_ram, least_flash = RUNTIME.ram_bytes // KILOBYTE, RUNTIME.flash_bytes // KILOBYTE
    if not (least_ram < ram <= MOST_KILOBYTES and least_flash < flash <= MOST_KILOBYTES):
        raise InvalidView(
            f"A device must have more than {least_ram} KB of RAM and {least_flash} KB of flash, which its runtime "
            f"takes, and at most {MOST_KILOBYTES:,} KB of each, but got {ram:,} and {flash:,} KB."
        )
    name = f"{ram} KB RAM, {flash} KB flash"
    return Target(f"{ram}-{flash}", name, flash=flash * KILOBYTE, ram=ram * KILOBYTE)


def require_possible(target: Target, input_shape: tuple[int, int, int], classes: int) -> None:
    """Raise InvalidView where not even the smallest network for these images fits: one that averages them at once."""
    smallest = target.needs(Architecture(input_shape, classes, (GlobalAvgPool2d(),)))
    if target.excess(smallest) > 1:
        channels, height, width = input_shape
        raise InvalidView(
            f"No network for images of {channels} x {height} x {width} fits {target.name}: the smallest one needs "
            f"{target.needs_text(smallest)}, and there is room for {target.room}."
        )


def target_limits(target: Target) -> dict[str, float]:
    """Where the target's room ends, by keys of metrics: memory in KB, and parameters."""
    suffix = "int8" if target.int8 else "float"
    limits: dict[str, float] = {"parameters": target.most_parameters, f"flash-{suffix}": target.flash_left / KILOBYTE}
    if target.ram_left is not None:
        limits[f"ram-{suffix}"] = target.ram_left / KILOBYTE
    return limits
