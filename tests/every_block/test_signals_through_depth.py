"""What reaches the last layer of a deep drawing, forward and backward."""

from __future__ import annotations

from math import prod

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.graph.graph import Initialiser
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from resources.reference_sketch import Sketch
from tests.every_block.exporting import ANALYSER, exported_equal
from tests.every_block.learning import session_of


def test_the_gradient_of_the_first_of_four_neurons_is_a_product() -> None:
    net = Sketch.of("", ("x: 1 float32", "y: 1 float32"))
    neurons = [(net.dense(1), net.add("sigmoid")) for _ in range(4)]
    loss = net.loss("squared_error", "input.y")
    session = session_of(net.drawing.graph)
    network = session.network
    wires = [f"{id}/output" for neuron in neurons for id in neuron]
    part = network.slice((*wires, f"{loss}/loss"))
    given = {"input/x": torch.tensor([[0.7]]), "input/y": torch.tensor([[1.0]])}
    *seen, cost = part.module(*(given[key] for key in part.inputs))
    slopes = [(a * (1 - a)).item() for a in seen[1::2]]
    weights = [network.block(dense).weight.item() for dense, _ in neurons[1:]]
    cost.backward()
    product = prod(slopes) * prod(weights) * 2 * (seen[-1].item() - 1)
    bias = network.block(neurons[0][0]).bias
    assert bias.grad.item() == pytest.approx(product, rel=1e-5, abs=1e-9)
    drawn = measure(session, Ask(id="c", kind="curve", block=neurons[0][1]))
    top = int(drawn["derivative"].argmax())
    assert (drawn["x"][top], drawn["derivative"][top]) == pytest.approx((0.0, 0.25), abs=1e-6)
    exported_equal(net.drawing.graph)


SMALL, LARGE = Initialiser("normal", {"std": 0.01}), Initialiser("normal", {"std": 1.0})


def variances(activation: str, start: Initialiser) -> tuple[float, float]:
    """The variance of the last of 20 layers over that of the first, and the share of its units at an end of tanh."""
    net = Sketch.of("", ("x: 100 float32", "label: 10 classes"))
    layers = []
    for _ in range(20):
        net.add("dense", out_features=100, start={"weight": start, "bias": Initialiser("zeros")})
        layers.append(net.add(activation))
    net.dense(10)
    net.loss("cross_entropy", "input.label")
    network = compile_graph(net.drawing.graph, BLOCK_TYPES, analyser=ANALYSER)
    x = torch.randn(500, 100, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first, last = network.slice((f"{layers[0]}/output", f"{layers[-1]}/output")).module(x)
    return (last.var() / first.var()).item(), (last.abs() > 0.99).double().mean().item()


def test_the_start_decides_whether_anything_comes_through_twenty_layers() -> None:
    assert variances("tanh", SMALL)[0] < 1e-6
    assert variances("tanh", LARGE)[1] > 0.5
    for name in ("lecun-normal", "glorot-normal", "orthogonal"):
        assert 0.3 < variances("scaled_tanh", Initialiser(name))[0] < 3, name
