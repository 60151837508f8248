"""Fields of a dataset and the promises an Input makes about them, as data and as text."""

from __future__ import annotations

import re

from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Plain

_DTYPES = ("float32", "float64", "int64", "int32", "bool")
_LENGTHS = re.compile(r"^(T|\d+)(×(T|\d+))*$")


class Field(Plain, frozen=True):
    """A named column of a dataset. `shape` is per sample, "T" a time axis; `classes` counts a label's classes."""

    name: str
    shape: tuple[int | str, ...] = ()
    dtype: str = "float32"
    classes: int | None = None

    @property
    def text(self) -> str:
        """How an Input promises the field: `image: 1×8×8 float32`, `label: 10 classes`."""
        if self.classes is not None and not self.shape:
            return f"{self.name}: {self.classes} classes"
        return f"{self.name}: {'×'.join(map(str, self.shape)) or '1'} {self.dtype}"

    @property
    def spec(self) -> TensorSpec:
        """The symbolic shape of a batch: N, then the sample's shape."""
        lengths = (Dim("T") if length == "T" else int(length) for length in self.shape)
        return TensorSpec(shape=(Dim("N"), *lengths), dtype=self.dtype)

    @property
    def is_picture(self) -> bool:
        """Whether a sample is 1×H×W or 3×H×W."""
        return len(self.shape) == 3 and self.shape[0] in (1, 3)


def parse_field(text: str) -> Field:
    """The field that `text` promises. Raises ValueError where it is no promise."""
    name, colon, promise = (part.strip() for part in text.partition(":"))
    words = promise.replace("x", "×").split() if colon else []
    if not name.isidentifier() or not 1 <= len(words) <= 2:
        raise ValueError(text)
    if len(words) == 2 and words[1] == "classes" and words[0].isdigit() and int(words[0]) > 0:
        return Field(name=name, dtype="int64", classes=int(words[0]))
    dtype = words[1] if len(words) == 2 else "float32"
    if dtype not in _DTYPES or not _LENGTHS.match(words[0]):
        raise ValueError(text)
    lengths = tuple("T" if length == "T" else int(length) for length in words[0].split("×"))
    if any(length == 0 for length in lengths):
        raise ValueError(text)
    return Field(name=name, shape=lengths, dtype=dtype)
