"""One step of a recurrent layer, its state on ports: for loops that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.recurrent import NONLINEARITY, UNITS, expect_state
from engine.blocks.shared import BIAS, FLATTEN, INPUT, OUTPUT, channels, sizes_known, values_of_rank, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, WeightGroups
from engine.graph.graph import Graph
from engine.graph.values import Value

_STATE = Ports(
    inputs=(Port(INPUT, ""), Port("state", "state", optional=True)),
    outputs=(Port(OUTPUT, "state"),),
)
_STATE_AND_CELL = Ports(
    inputs=(*_STATE.inputs, Port("cell", "cell", optional=True)),
    outputs=(*_STATE.outputs, Port("new_cell", "cell")),
)


def _state(parameters: Parameters, body: Graph | None) -> Ports:
    return _STATE


def _state_and_cell(parameters: Parameters, body: Graph | None) -> Ports:
    return _STATE_AND_CELL


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    hint = "It reads the features of one time step."
    fault = values_of_rank(inputs, INPUT, (2,), "N×features", hint, (FLATTEN,)) or sizes_known(inputs, (1,))
    wanted = (whole(parameters, "hidden_size"),)
    return fault or expect_state(inputs, "state", wanted) or expect_state(inputs, "cell", wanted)


def _arguments(*more: str) -> Callable[[Parameters, Inputs], Mapping[str, Value]]:
    def arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
        return {
            "input_size": channels(inputs),
            "hidden_size": whole(parameters, "hidden_size"),
            "bias": parameters["bias"],
            **{name: parameters[name] for name in more},
        }

    return arguments


def _weights(parameters: Parameters) -> WeightGroups:
    bias = (("Initial bias", ("bias_ih", "bias_hh")),) if parameters["bias"] else ()
    return (("Input weights", ("weight_ih",)), ("State weights", ("weight_hh",)), *bias)


def _cell(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    parameters: tuple[Parameter, ...] = (UNITS, BIAS),
    ports: Callable[[Parameters, Graph | None], Ports] = _state,
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] = _arguments(),  # noqa: B008 -- never changed
) -> BlockType:
    return BlockType(
        id=id,
        family="recurrent",
        title=title,
        aliases=("recurrent", "one step", "unrolled"),
        icon="ph.skip-forward",
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=("{hidden_size} units",),
        module=f"engine.modules.recurrent:{module}",
        ports=ports,
        expect=_expect,
        arguments=arguments,
        weights=_weights,
    )


RNN_CELL = _cell(
    "rnn_cell",
    "RNN cell",
    "RNNCell",
    "One step of an RNN: from the input and the state before to the state after.",
    "h′ = tanh(W x + U h + b)",
    (UNITS, NONLINEARITY, BIAS),
    arguments=_arguments("nonlinearity"),
)
LSTM_CELL = _cell(
    "lstm_cell",
    "LSTM cell",
    "LSTMCell",
    "One step of an LSTM: from the input, the state and the cell before to those after.",
    "c′ = f ⊙ c + i ⊙ g,  h′ = o ⊙ tanh c′",
    ports=_state_and_cell,
)
GRU_CELL = _cell(
    "gru_cell",
    "GRU cell",
    "GRUCell",
    "One step of a GRU: from the input and the state before to the state after.",
    "h′ = z ⊙ h + (1 − z) ⊙ n",
)

TYPES = (LSTM_CELL, GRU_CELL, RNN_CELL)
