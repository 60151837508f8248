"""What is known about a drawing, as plain annotations by instance path."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.graph import Path
from engine.graph.problem import Problem
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Plain


class Cost(Plain, frozen=True):
    """What a block costs: its weights, and per sample the multiply-adds and the bytes of its outputs.

    `training_bytes` is what autograd saves of a sample for the backward pass, without weights; tensors that several
    blocks keep count for each, and once in the whole.
    """

    parameters: int = 0
    multiply_adds: int = 0
    activation_bytes: int = 0
    training_bytes: int = 0


class Analysis(Plain, frozen=True):
    """Specs by "path/port", costs by "path", all problems; `time_length` is the T that costs were counted at.

    `total` counts every block once, shared weights once. `receptive_fields`, by "path", are the pixels or steps of the
    Input that one output number depends on, by spatial axis, as if the Input had no borders, and None where all of them
    are gathered; `engine.compile.receptive_field` says it exactly. What has no spatial axis is absent. So is what
    cannot be told, and `fields_untold` has the reason: own-code, free-length, loop-in-loop, reshaped, too-large or
    undeclared.
    """

    specs: Mapping[str, TensorSpec] = {}
    costs: Mapping[str, Cost] = {}
    problems: tuple[Problem, ...] = ()
    total: Cost = Cost()
    receptive_fields: Mapping[str, tuple[int | None, ...]] = {}
    fields_untold: Mapping[str, str] = {}
    time_length: int | None = None


def path_key(path: Path) -> str:
    """The key of a block in an Analysis: `k3f9/3/q8d2`."""
    return "/".join(map(str, path))


def port_key(path: Path, port: str) -> str:
    """The key of a port in an Analysis: `k3f9/3/q8d2/output`."""
    return "/".join((*map(str, path), port))
