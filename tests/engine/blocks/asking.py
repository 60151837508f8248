"""What a block type says of values and tensors, its other parameters at their defaults."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.probing import probe
from engine.graph.block_type import Mismatch
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value


def defaults(id: str, **changed: Value) -> dict[str, Value]:
    """All its parameters."""
    return {parameter.id: parameter.default for parameter in BLOCK_TYPES[id].parameters} | changed


def expect(id: str, inputs: TensorSpec | Mapping[str, TensorSpec], **changed: Value) -> Mismatch | None:
    """What it says of the tensors at its ports, or of one at its input."""
    reaching = {"input": inputs} if isinstance(inputs, TensorSpec) else inputs
    return BLOCK_TYPES[id].expect(defaults(id, **changed), reaching)


def shape(id: str, spec: TensorSpec, **changed: Value) -> str:
    """What it makes of a tensor that it takes."""
    assert expect(id, spec, **changed) is None
    found = probe(BLOCK_TYPES[id], defaults(id, **changed), {"input": spec}, None)
    assert not found.refusal
    return str(found.outputs["output"])
