from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.probing import construct
from engine.graph.problem import Refused
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.session import Session

INPUT = {"dataset": "digits", "fields": ("image: 1×8×8 float32", "label: 10 classes")}
ALONE = (
    *("relu", "gelu", "scaled_tanh", "leaky_relu", "sine", "softplus"),
    *("hardshrink", "rrelu", "prelu", "identity", "sign"),
)


def session_with(opened, id: str, **parameters: str) -> Session:
    blocks = {
        "in": ("input", INPUT),
        "flat": ("flatten", {}),
        "act": (id, parameters),
        "out": ("dense", {"out_features": 10}),
        "loss": ("cross_entropy", {}),
    }
    wires = "in.image>flat.input flat.output>act.input act.output>out.input out.output>loss.logits in.label>loss.target"
    return opened(blocks, wires)


@pytest.mark.parametrize("id", ALONE)
def test_function_and_derivative_are_those_of_autograd(opened, id: str) -> None:
    answer = measure(session_with(opened, id), Ask(id="c", kind="curve", block="act"))
    type = BLOCK_TYPES[id]
    parameters = {parameter.id: parameter.default for parameter in type.parameters}
    module = construct(type, parameters, {"input": TensorSpec(shape=(Dim("N"), 64), dtype="float32")})
    x = torch.from_numpy(answer["x"]).double().requires_grad_()
    made = module.double().eval()(x[None])[0]
    (slope,) = torch.autograd.grad(made.sum(), x)
    assert answer["x"][[0, -1]].tolist() == [-4, 4]
    assert {array.dtype.name for array in answer.values()} == {"float32"}
    np.testing.assert_allclose(answer["function"], made.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(answer["derivative"], slope.numpy(), atol=1e-6)


def test_the_derivative_is_the_slope_of_the_function(opened) -> None:
    answer = measure(session_with(opened, "tanh"), Ask(id="c", kind="curve", block="act"))
    steep = np.gradient(answer["function"].astype(np.float64), answer["x"].astype(np.float64))
    np.testing.assert_allclose(answer["derivative"][1:-1], steep[1:-1], atol=2e-4)


def test_it_leaves_no_trace(opened) -> None:
    session = session_with(opened, "rrelu")
    session.network.root.train()
    before = torch.random.get_rng_state()
    measure(session, Ask(id="c", kind="curve", block="act"))
    assert torch.equal(before, torch.random.get_rng_state())
    assert session.network.block("act").training
    assert all(parameter.grad is None for parameter in session.network.root.parameters())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("block", ["out", "in", "flat"])
def test_other_blocks_have_no_curve(opened, block: str) -> None:
    with pytest.raises(Refused, match="has no curve"):
        measure(session_with(opened, "relu"), Ask(id="c", kind="curve", block=block))


def test_slopes_of_their_own_for_each_channel_have_no_one_curve(opened) -> None:
    with pytest.raises(Refused, match="acts on each number by itself"):
        measure(session_with(opened, "prelu", slopes="one a channel"), Ask(id="c", kind="curve", block="act"))


def test_softmax_looks_at_several_numbers(opened) -> None:
    with pytest.raises(Refused, match="acts on each number by itself"):
        measure(session_with(opened, "softmax"), Ask(id="c", kind="curve", block="act"))
