"""Two-dimensional toys: points (float32 N×2, within about ±1.5) and classes (int64 N), the same on every machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.data.splits import stable_random

Points = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

NOISE = 0.08


def make_toy(name: str, rows: int) -> tuple[npt.NDArray[np.float32], Classes]:
    """`rows` points of the toy `name`, classes in turn."""
    random = stable_random(_SEEDS[name])
    labels = np.arange(rows, dtype=np.int64) % (3 if name == "blobs" else 2)
    points = _MAKERS[name](labels, random)
    return points.astype(np.float32), labels


def _blobs(labels: Classes, random: np.random.RandomState) -> Points:
    return _circle(2 * np.pi * labels / 3 + np.pi / 2) + _noise(labels, random, 0.28)


def _moons(labels: Classes, random: np.random.RandomState) -> Points:
    points = _circle(np.pi * random.random_sample(len(labels)))
    points[labels == 1] = np.array([1.0, 0.5]) - points[labels == 1]
    points -= np.array([0.5, 0.25])
    return points + _noise(labels, random, NOISE)


def _circles(labels: Classes, random: np.random.RandomState) -> Points:
    radius = np.where(labels == 0, 1.0, 0.5)
    points = radius[:, None] * _circle(2 * np.pi * random.random_sample(len(labels)))
    return points + _noise(labels, random, NOISE)


def _spirals(labels: Classes, random: np.random.RandomState) -> Points:
    turn = np.sqrt(random.random_sample(len(labels)))  # even density along the arm
    angle = 3 * np.pi * turn + np.pi * labels
    points = (0.1 + 1.1 * turn)[:, None] * _circle(angle)
    return points + _noise(labels, random, 0.35 * NOISE)


def _xor(labels: Classes, random: np.random.RandomState) -> Points:
    points: Points = 0.05 + 0.95 * random.random_sample((len(labels), 2))
    right = random.random_sample(len(labels)) < 0.5
    above = right == (labels == 0)
    points[:, 0] *= np.where(right, 1.0, -1.0)
    points[:, 1] *= np.where(above, 1.0, -1.0)
    return points


def _noise(labels: Classes, random: np.random.RandomState, deviation: float) -> Points:
    drawn: Points = random.standard_normal((len(labels), 2))
    return deviation * drawn


def _circle(angle: Points) -> Points:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


_MAKERS = {"blobs": _blobs, "moons": _moons, "circles": _circles, "spirals": _spirals, "xor": _xor}
_SEEDS = {"blobs": 1, "moons": 2, "circles": 3, "spirals": 4, "xor": 5}
