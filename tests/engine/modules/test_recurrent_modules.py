from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.probing import probe
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.modules.recurrent import GRU, LSTM, RNN, LSTMCell
from engine.project.drawing import Drawing


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_peepholes_are_those_of_the_paper() -> None:
    """Gers and Schmidhuber, 2000, stepped in numpy."""
    lstm = LSTM(input_size=3, hidden_size=4, peepholes=True, last_step=False, states=True).double()
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    made, last, last_cell = lstm(x)
    weights = {name: weight.detach().numpy() for name, weight in lstm.named_parameters()}
    h, c = np.zeros((2, 4)), np.zeros((2, 4))
    for t in range(6):
        sums = x[:, t].numpy() @ weights["weight_ih_l0"].T + h @ weights["weight_hh_l0"].T
        i, f, g, o = np.split(sums + weights["bias_ih_l0"] + weights["bias_hh_l0"], 4, axis=1)
        i, f = sigmoid(i + weights["weight_ci_l0"] * c), sigmoid(f + weights["weight_cf_l0"] * c)
        c = f * c + i * np.tanh(g)
        h = sigmoid(o + weights["weight_co_l0"] * c) * np.tanh(c)
        np.testing.assert_allclose(made[:, t].detach(), h, rtol=1e-12)
    np.testing.assert_allclose(last.detach(), h, rtol=1e-12)
    np.testing.assert_allclose(last_cell.detach(), c, rtol=1e-12)


@pytest.mark.parametrize("last_step", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_with_peepholes_of_zero_it_is_pytorchs_lstm(last_step: bool, bidirectional: bool) -> None:
    settings = {"input_size": 3, "hidden_size": 4, "num_layers": 2, "bidirectional": bidirectional}
    own = LSTM(peepholes=True, states=True, last_step=last_step, **settings)
    plain = LSTM(states=True, last_step=last_step, **settings)
    plain.load_state_dict(own.state_dict(), strict=False)
    for name, weight in own.named_parameters():
        if name.startswith("weight_c"):
            nn.init.zeros_(weight)
    x, state, cell = torch.randn(5, 7, 3), *torch.randn(2, 5, 4 if bidirectional else 2, 4).unbind(0)
    for mine, theirs in zip(own(x, state, cell), plain(x, state, cell), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_a_sequence_in_two_halves_is_the_sequence(kind: type[RNN]) -> None:
    layer = kind(input_size=3, hidden_size=4, num_layers=2, states=True)
    x = torch.randn(5, 8, 3)
    whole, *states = layer(x)
    _, *half = layer(x[:, :3])
    rest, *last = layer(x[:, 3:], *half)
    assert states[0].shape == (5, 2, 4)
    for mine, theirs in zip((rest, *last), (whole, *states), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


def test_a_cell_is_one_step_of_its_layer() -> None:
    layer, cell = LSTM(input_size=3, hidden_size=4, states=True), LSTMCell(3, 4)
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layer.state_dict().items()})
    x = torch.randn(5, 3, 3)
    state = memory = None
    for t in range(3):
        state, memory = cell(x[:, t], state, memory)
    whole, _, last_cell = layer(x)
    assert torch.allclose(state, whole, atol=1e-6)
    assert torch.allclose(memory, last_cell, atol=1e-6)


@pytest.mark.parametrize("id", ["rnn", "gru", "lstm"])
def test_costs_grow_with_the_steps(id: str) -> None:
    type = BLOCK_TYPES[id]
    parameters = {parameter.id: parameter.default for parameter in type.parameters}
    inputs = {"input": TensorSpec((Dim("N"), Dim("T"), 6), "float32")}
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[id]
    for time in (5, 100):
        found = probe(type, parameters, inputs, time)
        assert found.cost.multiply_adds == time * gates * 32 * (6 + 32)
        assert found.cost.activation_bytes == 4 * 32


def test_an_encoder_hands_its_state_to_a_decoder() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", dataset="", fields=("source: T×3 float32", "given: T×5 float32"))
    drawn.add("encoder", "lstm", hidden_size=4, states=True)
    drawn.add("decoder", "lstm", hidden_size=4, states=True, output="all steps")
    drawn.wire("in.source", "encoder")
    drawn.wire("in.given", "decoder")
    drawn.wire("encoder.last_state", "decoder.initial_state")
    drawn.wire("encoder.last_cell", "decoder.initial_cell")
    analysis = Analyser(BLOCK_TYPES).analyse(drawn.graph)
    assert not analysis.problems
    assert str(analysis.specs["decoder/output"]) == "N×T×4"
    assert str(analysis.specs["decoder/last_cell"]) == "N×4"
    slice = compile_graph(drawn.graph, BLOCK_TYPES).slice(("decoder/output",))
    source, given = torch.randn(2, 7, 3), torch.randn(2, 6, 5)
    (made,) = slice.module(source, given)
    (other,) = slice.module(source + 1, given)
    assert made.shape == (2, 6, 4)
    assert not torch.allclose(made, other)


def test_a_state_of_other_size_is_refused() -> None:
    type = BLOCK_TYPES["gru"]
    parameters = {parameter.id: parameter.default for parameter in type.parameters} | {"states": True}
    sequence, state = TensorSpec((Dim("N"), Dim("T"), 6), "float32"), TensorSpec((Dim("N"), 32), "float32")
    assert type.expect(parameters, {"input": sequence, "initial_state": state}) is None
    assert type.expect({**parameters, "num_layers": 2}, {"input": sequence, "initial_state": state}) is not None
    assert type.expect({**parameters, "hidden_size": 31}, {"input": sequence, "initial_state": state}) is not None
