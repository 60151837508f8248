from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_type import Mismatch
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value

N, T = Dim("N"), Dim("T")


def spec(*lengths: int | Dim, dtype: str = "float32") -> TensorSpec:
    return TensorSpec((N, *lengths), dtype)


def expect(id: str, *inputs: TensorSpec, **changed: Value) -> Mismatch | None:
    type = BLOCK_TYPES[id]
    parameters = {parameter.id: parameter.default for parameter in type.parameters} | changed
    ports = (port.id for port in type.ports(parameters, None).inputs)
    return type.expect(parameters, dict(zip(ports, inputs, strict=False)))


@pytest.mark.parametrize(
    ("id", "inputs", "changed"),
    [
        ("multiply", (spec(4, 8, 8), spec(4, 1, 1)), {"broadcast": True}),
        ("multiply", (spec(4, 1, 1), spec(1, 8, 8), spec(4, 8, 1)), {"broadcast": True, "inputs": 3}),
        ("split", (spec(12),), {"parts": 3}),
        ("split", (spec(12),), {"sizes": (5, 7)}),
        ("slice", (spec(T, dtype="int64"),), {"start": 1}),
        ("select", (spec(5, 6),), {"index": 4}),
        ("unflatten", (spec(64),), {}),
        ("unflatten", (spec(60),), {"unflattened_size": (4, -1)}),
        ("permute", (spec(3, 8, 8),), {"dims": (2, 3, 1)}),
        ("pad", (spec(3, 8, 8),), {"mode": "reflect", "padding": (7, 7, 0, 0)}),
        ("pad", (spec(3, 8, 8),), {"mode": "circular", "padding": (8, 8, 8, 8)}),
        ("constant", (spec(3),), {"values": "1, −2 0.5", "shape": (3,)}),
        ("constant", (spec(3, dtype="int64"),), {"values": "0", "shape": (4, 4)}),
        ("clamp", (spec(3),), {"min": None}),
    ],
)
def test_it_takes(id: str, inputs: tuple[TensorSpec, ...], changed: dict[str, Value]) -> None:
    assert expect(id, *inputs, **changed) is None


@pytest.mark.parametrize(
    ("id", "inputs", "changed"),
    [
        ("multiply", (spec(4, 8, 8), spec(4, 1, 1)), {}),
        ("multiply", (spec(4, 8, 8), spec(2, 8, 8)), {"broadcast": True}),
        ("multiply", (spec(4, 8, 8), spec(8)), {"broadcast": True}),
        ("subtract", (spec(4), spec(4, dtype="int64")), {"broadcast": True}),
        ("split", (spec(12),), {"parts": 5}),
        ("split", (spec(12),), {"sizes": (5, 5)}),
        ("split", (spec(T, 6),), {}),
        ("split", (spec(12),), {"sizes": (12,)}),
        ("split", (spec(17),), {"sizes": (1,) * 17}),
        ("slice", (spec(5),), {"start": 5}),
        ("slice", (spec(5),), {"start": 3, "stop": 2}),
        ("select", (spec(5),), {"index": 5}),
        ("unflatten", (spec(63),), {}),
        ("unflatten", (spec(64),), {"unflattened_size": (-1, -1)}),
        ("permute", (spec(3, 8, 8),), {}),
        ("permute", (spec(3, 8),), {"dims": (2, 2)}),
        ("squeeze", (spec(3, 8),), {}),
        ("unsqueeze", (spec(3),), {"dim": 3}),
        ("reduce", (spec(3),), {"dims": (2,)}),
        ("pad", (spec(3, 8, 8),), {"mode": "reflect", "padding": (8, 8)}),
        ("pad", (spec(3, 8, 8),), {"padding": (1, 2, 3)}),
        ("crop", (spec(3, 8, 8),), {"size": (8, 8), "offset": (0, 1)}),
        ("unit_quaternion", (spec(3),), {}),
        ("weighted_l1_distance", (spec(3, 8, 8), spec(3, 8, 8)), {}),
        ("constant", (spec(3),), {"values": "1 2", "shape": (3,)}),
        ("constant", (spec(3),), {"values": "one"}),
        ("clamp", (spec(3),), {"min": None, "max": None}),
        ("clamp", (spec(3),), {"min": 2.0, "max": 1.0}),
    ],
)
def test_it_refuses(id: str, inputs: tuple[TensorSpec, ...], changed: dict[str, Value]) -> None:
    assert expect(id, *inputs, **changed) is not None


def test_a_split_has_a_port_for_each_piece() -> None:
    type = BLOCK_TYPES["split"]
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    assert [port.id for port in type.ports({**defaults, "parts": 3}, None).outputs] == ["a", "b", "c"]
    assert len(type.ports({**defaults, "sizes": (1, 2, 3, 4)}, None).outputs) == 4


@pytest.mark.parametrize(
    ("id", "changed", "line"),
    [
        ("permute", {}, "2, 1"),
        ("permute", {"dims": (2, 3, 1)}, "2, 3, 1"),
        ("permute", {"dims": (1,)}, "1"),
        ("pad", {"padding": (1, 2)}, "1, 2 · constant"),
        ("deep_boltzmann_machine", {}, "64, 32 hidden"),
        ("reshape", {}, "1×8×8"),
        ("unflatten", {}, "8×8"),
    ],
)
def test_orders_and_lists_are_written_with_commas_and_sizes_with_times(
    id: str, changed: dict[str, Value], line: str
) -> None:
    type = BLOCK_TYPES[id]
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    assert type.second_line({**defaults, **changed}, {}) == line


def test_a_wrong_order_is_told_as_an_order() -> None:
    fault = expect("permute", spec(3, 8), dims=(2, 2))
    assert fault is not None
    assert fault.facts["reason"] == "2, 2 does not name each axis once"
