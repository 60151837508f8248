"""Names in the source: unique in their function or file, and none that its own lines use."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container

from engine.compile.source_parts import Owner, Plan, Tensor
from engine.graph.paths import identifiers

_USED_IN_FUNCTIONS = ("self", "torch", "nn", "functional", "_")
_WITHOUT_ACCENT = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
)


class Names:
    """The local names of one function, by the tensor they hold."""

    def __init__(self) -> None:
        self._taken: set[str] = set(_USED_IN_FUNCTIONS)
        self._by_tensor: dict[Tensor, str] = {}

    def __getitem__(self, tensor: Tensor) -> str:
        return self._by_tensor[tensor]

    def __setitem__(self, tensor: Tensor, name: str) -> None:
        self._by_tensor[tensor] = name

    def reserve(self, name: str) -> None:
        """Give `name` to nothing else."""
        self._taken.add(name)

    def free(self, wanted: str) -> str:
        """`wanted`, or with a number where it is taken; it is taken from now on."""
        name = unused(wanted, self._taken)
        self._taken.add(name)
        return name

    def add(self, tensor: Tensor, wanted: str) -> str:
        """A free name for `tensor`."""
        name = self._by_tensor[tensor] = self.free(wanted)
        return name


def attribute_path(plan: Plan, block: Owner, start: int = 0) -> str:
    """The dotted name of a block's module, from the body at depth `start`: `stage.0.convolution`."""
    names: list[str] = []
    path = block.path[:start]
    for step in (*block.path[start:], block.id):
        names.append(str(step) if isinstance(step, int) else identifiers(plan.graphs[path])[step])
        path = (*path, step)
    return ".".join(names)


def class_name(title: str, taken: set[str], otherwise: str = "") -> str:
    """A free class name from what something is called: `LeNet-5` gives LeNet5, `ünï` Uni. It is taken from now on.

    Where it is taken already, `otherwise` is put behind it. What is written in another alphabet is called Network.
    """
    plain = _plain_letters(title)
    words = re.findall(r"[A-Za-z0-9]+", plain)
    if any(sign.isalpha() and not sign.isascii() for sign in plain):
        words = ["Network", *(word for word in words if word.isdigit())]
    name = "".join(word[0].upper() + word[1:] for word in words) or "Network"
    if name[0].isdigit() or keyword.iskeyword(name):
        name = f"Network{name}"
    if name in taken:
        name += otherwise
    name = unused(name, taken, "")
    taken.add(name)
    return name


def _plain_letters(text: str) -> str:
    """The text with letters A to Z in place of those with accents: `ünï` gives `uni`; other alphabets stay."""
    parts = unicodedata.normalize("NFKD", text.translate(_WITHOUT_ACCENT))
    return unicodedata.normalize("NFC", "".join(sign for sign in parts if not unicodedata.combining(sign)))


def unused(wanted: str, taken: Container[str], between: str = "_") -> str:
    """`wanted`, with a number behind it where it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}{between}{number}", number + 1
    return name
