"""What is known of every dataset before it is loaded: plain facts for menus and promises, no torch, no scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from engine.data.fields import Field
from engine.graph.values import Plain

Source = Literal["shipped", "made", "download"]

OWN_VALIDATION_SHARE = 1 / 12
"""Of the training part of a set with its own test part: 5,000 of MNIST's 60,000 rows."""


class DatasetInfo(Plain, frozen=True):
    """A dataset by name: its fields as an Input promises them, and how many rows it has in all parts.

    `own_test_rows` of them are a test part that the set itself sets aside; 0 where it has none.

    `source` is `shipped` (real data installed with the product), `made` (by rule, the same rows on every machine) or
    `download` (fetched once, or read from a folder of the user's).
    """

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    rows: int
    own_test_rows: int = 0
    downloadable: bool = False
    source: Source = "shipped"


SEQUENCE_LENGTHS: Mapping[str, int] = MappingProxyType({"sine": 32, "adding": 30, "parity": 16})


def _label(classes: int) -> Field:
    return Field(name="label", dtype="int64", classes=classes)


def _table(name: str, title: str, about: str, columns: int, classes: int, rows: int) -> DatasetInfo:
    fields = (Field(name="features", shape=(columns,)), _label(classes))
    return DatasetInfo(name=name, title=title, about=about, fields=fields, rows=rows)


def _toy(name: str, title: str, about: str, classes: int = 2) -> DatasetInfo:
    fields = (Field(name="point", shape=(2,)), _label(classes))
    return DatasetInfo(name=name, title=title, about=about, fields=fields, rows=1000, source="made")


def _sequence(name: str, title: str, about: str, columns: int, target: Field) -> DatasetInfo:
    fields = (Field(name="sequence", shape=("T", columns)), target)
    return DatasetInfo(name=name, title=title, about=about, fields=fields, rows=2000, source="made")


_ALL = (
    DatasetInfo(
        name="digits",
        title="Digits 8×8",
        about="1\u2009797 handwritten digits scanned at 8×8 pixels, grey values 0…1 (UCI, shipped with scikit-learn).",
        fields=(Field(name="image", shape=(1, 8, 8)), _label(10)),
        rows=1797,
    ),
    DatasetInfo(
        name="mnist",
        title="MNIST",
        about="70\u2009000 handwritten digits, 28×28 pixels; "
        "10\u2009000 of them are the test part (LeCun, Cortes, Burges).",
        fields=(Field(name="image", shape=(1, 28, 28)), _label(10)),
        rows=70_000,
        own_test_rows=10_000,
        downloadable=True,
        source="download",
    ),
    _table("iris", "Iris", "150 flowers of three species by four lengths in centimetres (Fisher, 1936).", 4, 3, 150),
    _table("wine", "Wine", "178 wines of three growers by thirteen chemical measurements.", 13, 3, 178),
    _table(
        "breast-cancer",
        "Breast cancer",
        "569 tumours, malignant or benign, by thirty measurements of their cell nuclei (Wisconsin).",
        30,
        2,
        569,
    ),
    _toy("blobs", "Blobs", "1\u2009000 points around three centres.", 3),
    _toy("moons", "Moons", "1\u2009000 points on two interleaved half circles, with a little noise."),
    _toy("circles", "Circles", "1\u2009000 points on two rings, one inside the other."),
    _toy("spirals", "Spirals", "1\u2009000 points on two spirals wound around each other."),
    _toy("xor", "XOR", "1\u2009000 points in a square; opposite quarters share a class."),
    _sequence(
        "sine",
        "Sine waves",
        "2\u2009000 pieces of sine waves of random frequency and phase, 32 values each; to predict: the next value.",
        1,
        Field(name="next", shape=(1,)),
    ),
    _sequence(
        "adding",
        "Adding problem",
        "2\u2009000 sequences of 30 random numbers, two marked; to predict: their sum (Hochreiter, Schmidhuber 1997).",
        2,
        Field(name="sum", shape=(1,)),
    ),
    _sequence(
        "parity",
        "Parity",
        "2\u2009000 sequences of 16 random bits; to predict: whether the number of ones is odd.",
        1,
        _label(2),
    ),
)

DATASETS: Mapping[str, DatasetInfo] = MappingProxyType({info.name: info for info in _ALL})
