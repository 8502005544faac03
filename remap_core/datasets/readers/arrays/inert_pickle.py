"""What a pickle holds, read without unpickling: nothing is imported, nothing is called.

A pickle is a program for a stack machine. This machine knows only the steps that build data; a step that would import
or call something leaves a record of it instead.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Step = Callable[["_Machine", Any], None]


class NotData(ValueError):
    """A pickle that is damaged, or that has steps which no data need."""


@dataclass(frozen=True, eq=False)
class Name:
    """What would have been imported, such as os.system. It is a text here."""

    path: str


@dataclass(eq=False)
class Call:
    """What would have been called, with what, and the state that its result would have been given."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None


def inert_pickle(content: bytes) -> Any:
    """The value that a pickle describes: None, bool, int, float, str, bytes, list, tuple, dict, set, Name or Call.

    Text of Python 2 comes as str, a character for each byte. Raises NotData.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(content):
            step = _STEPS.get(opcode.name)
            if step is None:
                raise NotData(f"the pickle has a step {opcode.name}, which no plain data need")
            step(machine, argument)
        (value,) = machine.stack
    except NotData:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise NotData(f"the pickle is damaged ({type(error).__name__})") from error
    return value


class _Machine:
    """stack: of the values since the last mark. outer: the stacks below each mark. memo: values by their number."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self, _: Any) -> None:
        self.outer.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        values = self.stack
        self.stack = self.outer.pop()
        return values

    def pop(self, _: Any) -> None:
        self.stack.pop()

    def duplicate(self, _: Any) -> None:
        self.push(self.stack[-1])

    def store(self, number: Any) -> None:
        self.memo[int(number)] = self.stack[-1]

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def fetch(self, number: Any) -> None:
        self.push(self.memo[int(number)])

    def new_list(self, _: Any) -> None:
        self.push([])

    def new_dict(self, _: Any) -> None:
        self.push({})

    def new_set(self, _: Any) -> None:
        self.push(set())

    def list_from_mark(self, _: Any) -> None:
        self.push(self.since_mark())

    def dict_from_mark(self, _: Any) -> None:
        values = self.since_mark()
        self.push(_pairs(values))

    def tuple_from_mark(self, _: Any) -> None:
        values = self.since_mark()
        self.push(tuple(values))

    def frozenset_from_mark(self, _: Any) -> None:
        values = self.since_mark()
        self.push(frozenset(values))

    def append(self, _: Any) -> None:
        value = self.stack.pop()
        self.stack[-1].append(value)

    def extend(self, _: Any) -> None:
        values = self.since_mark()
        self.stack[-1].extend(values)

    def set_item(self, _: Any) -> None:
        value = self.stack.pop()
        key = self.stack.pop()
        self.stack[-1][key] = value

    def set_items(self, _: Any) -> None:
        values = self.since_mark()
        self.stack[-1].update(_pairs(values))

    def add_items(self, _: Any) -> None:
        values = self.since_mark()
        self.stack[-1].update(values)

    def name(self, argument: Any) -> None:
        self.push(Name(argument.replace(" ", ".", 1)))

    def name_from_stack(self, _: Any) -> None:
        attribute = self.stack.pop()
        module = self.stack.pop()
        self.push(Name(f"{module}.{attribute}"))

    def call(self, _: Any) -> None:
        arguments = self.stack.pop()
        function = self.stack.pop()
        path = type(function).__name__
        if isinstance(function, Name):
            path = function.path
        self.push(_bytes_or_call(path, tuple(arguments)))

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        self.stack[-1].state = state  # of a Call: other values refuse it


def _pairs(values: list[Any]) -> dict[Any, Any]:
    keys = values[::2]
    return dict(zip(keys, values[1::2], strict=True))


def _bytes_or_call(path: str, arguments: tuple[Any, ...]) -> Any:
    """Python 3 writes bytes in protocol 2 as a call that encodes a text in Latin-1."""
    match path, arguments:
        case "_codecs.encode", (str(text), "latin1"):
            return text.encode("latin1")
        case "__builtin__.bytes" | "builtins.bytes", ():
            return b""
    return Call(path, arguments)


def _tuple_of(number: int) -> Step:
    def step(machine: _Machine, _: Any) -> None:
        values = machine.stack[len(machine.stack) - number :]
        del machine.stack[len(machine.stack) - number :]
        machine.push(tuple(values))

    return step


def _constant(value: Any) -> Step:
    def step(machine: _Machine, _: Any) -> None:
        machine.push(value)

    return step


def _nothing(machine: _Machine, _: Any) -> None:
    """Protocol, frame and stop say nothing about the data."""


_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_TEXTS = ("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
_BYTES = ("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8")

_STEPS: dict[str, Step] = {
    **dict.fromkeys((*_NUMBERS, *_TEXTS, *_BYTES), _Machine.push),
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), _nothing),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.store),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.fetch),
    "MEMOIZE": _Machine.memoize,
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "DUP": _Machine.duplicate,
    "EMPTY_LIST": _Machine.new_list,
    "EMPTY_DICT": _Machine.new_dict,
    "EMPTY_SET": _Machine.new_set,
    "EMPTY_TUPLE": _constant(()),
    "LIST": _Machine.list_from_mark,
    "DICT": _Machine.dict_from_mark,
    "TUPLE": _Machine.tuple_from_mark,
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "FROZENSET": _Machine.frozenset_from_mark,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.extend,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "ADDITEMS": _Machine.add_items,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_from_stack,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
}
