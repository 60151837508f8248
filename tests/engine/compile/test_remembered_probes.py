"""A module is probed once for the same parameters, inputs and steps of time."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile import remembered_probes
from engine.compile.remembered_probes import RememberedProbes
from engine.graph.tensor_spec import Dim, TensorSpec

DENSE = BLOCK_TYPES["dense"]
VALUES = {parameter.id: parameter.default for parameter in DENSE.parameters}


def rows(width: int) -> TensorSpec:
    return TensorSpec((Dim("N"), width), "float32")


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[TensorSpec]:
    """What entered each probe that was really made."""
    entered: list[TensorSpec] = []
    real = remembered_probes.probe

    def counted(type, parameters, inputs, time, reach):
        entered.append(inputs["input"])
        return real(type, parameters, inputs, time, reach)

    monkeypatch.setattr(remembered_probes, "probe", counted)
    return entered


def test_the_same_is_probed_once(probed: list[TensorSpec]) -> None:
    probes = RememberedProbes()
    first = probes.probe(DENSE, VALUES, {"input": rows(3)}, None)
    assert probes.probe(DENSE, dict(VALUES), {"input": rows(3)}, None) is first
    assert probes.probe(DENSE, VALUES, {"input": rows(4)}, None) is not first
    wider = probes.probe(DENSE, VALUES | {"out_features": 7}, {"input": rows(3)}, None)
    assert wider.outputs["output"] == rows(7)
    assert probed == [rows(3), rows(4), rows(3)]


def test_what_is_remembered_has_an_end(probed: list[TensorSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_probes, "MEMORY", 2)
    probes = RememberedProbes()
    for width in (3, 4, 5, 3):
        probes.probe(DENSE, VALUES, {"input": rows(width)}, None)
    assert probed == [rows(3), rows(4), rows(5), rows(3)]
