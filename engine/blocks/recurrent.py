"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import (
    BIAS,
    INPUT,
    OUTPUT,
    channels,
    recurrent_weights,
    sizes_known,
    values_of_rank,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, WeightGroups
from engine.graph.graph import Graph
from engine.graph.values import Value

STATE, CELL = "initial_state", "initial_cell"

UNITS = Parameter("hidden_size", "Units", "integer", 32, "How many numbers its memory has.", 1, 65_536)
NONLINEARITY = Parameter(
    "nonlinearity", "Function", "choice", "tanh", "What a unit does with its sum.", choices=("tanh", "relu")
)
_OUTPUT = Parameter(
    "output",
    "Output",
    "choice",
    "last step",
    "The state after the last step, or after every step.",
    choices=("last step", "all steps"),
)
_BIDIRECTIONAL = Parameter(
    "bidirectional", "Both directions", "boolean", False, "Also reads the sequence from its end."
)
_DROPOUT = Parameter("dropout", "Dropout", "float", 0.0, "Dropped between stacked layers.", 0.0, 1.0, advanced=True)
_STATES = Parameter(
    "states",
    "State ports",
    "boolean",
    False,
    "Adds ports for the state it begins with and the one it ends with.",
    advanced=True,
)
_PEEPHOLES = Parameter(
    "peepholes", "Peepholes", "boolean", False, "Lets the gates see the memory cell; much slower.", advanced=True
)


def _parameters(layers: str, *more: Parameter) -> tuple[Parameter, ...]:
    stacked = Parameter("num_layers", "Layers", "integer", 1, f"How many {layers} are stacked.", 1, 64)
    return (UNITS, _OUTPUT, stacked, _BIDIRECTIONAL, *more, _DROPOUT, BIAS, _STATES)


def _ports(*states: str) -> Callable[[Parameters, Graph | None], Ports]:
    plain = Ports(inputs=(Port(INPUT, ""),), outputs=(Port(OUTPUT, ""),))
    full = Ports(
        inputs=(*plain.inputs, *(Port(f"initial_{name}", f"initial {name}", optional=True) for name in states)),
        outputs=(*plain.outputs, *(Port(f"last_{name}", f"last {name}") for name in states)),
    )

    def of(parameters: Parameters, body: Graph | None) -> Ports:
        return full if parameters["states"] else plain

    return of


def expect_state(inputs: Inputs, port: str, wanted: tuple[int, ...]) -> Mismatch | None:
    """A Mismatch unless the port is open or receives N×`wanted`."""
    spec = inputs.get(port)
    words = f"a state N×{'×'.join(map(str, wanted))}"
    fault = values_of_rank(inputs, port, (len(wanted) + 1,), words)
    if fault is None and spec is not None and spec.shape[1:] != wanted:
        hint = "Give what comes in there as many units."
        return Mismatch("channels", port, {"expected": words, "received": spec, "hint": hint})
    return fault


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    hint = "It reads one row of features at each time step."
    fault = values_of_rank(inputs, INPUT, (3,), "sequences N×T×features", hint) or sizes_known(inputs, (-1,))
    count = whole(parameters, "num_layers") * (2 if parameters["bidirectional"] else 1)
    units = whole(parameters, "hidden_size")
    wanted = (units,) if count == 1 else (count, units)
    return fault or expect_state(inputs, STATE, wanted) or expect_state(inputs, CELL, wanted)


def _arguments(*more: str) -> Callable[[Parameters, Inputs], Mapping[str, Value]]:
    def arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
        optional = ("states", "peepholes")
        return {
            "input_size": channels(inputs, -1),
            "hidden_size": whole(parameters, "hidden_size"),
            "num_layers": whole(parameters, "num_layers"),
            "bias": parameters["bias"],
            "dropout": parameters["dropout"] if whole(parameters, "num_layers") > 1 else 0.0,
            "bidirectional": parameters["bidirectional"],
            "last_step": parameters["output"] == "last step",
            **{name: parameters[name] for name in more},
            **{name: True for name in optional if parameters.get(name)},
        }

    return arguments


def _lstm_weights(parameters: Parameters) -> WeightGroups:
    groups = recurrent_weights(parameters)
    if not parameters["peepholes"]:
        return groups
    ends = (name.removeprefix("weight_ih") for name in groups[0][1])
    return (*groups, ("Peepholes", tuple(f"weight_c{gate}{end}" for end in ends for gate in "ifo")))


def _recurrent(
    id: str,
    title: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    parameters: tuple[Parameter, ...],
    states: tuple[str, ...] = ("state",),
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] = _arguments(),  # noqa: B008 -- never changed
    weights: Callable[[Parameters], WeightGroups] = recurrent_weights,
) -> BlockType:
    return BlockType(
        id=id,
        family="recurrent",
        title=title,
        aliases=("recurrent", "sequence", "bidirectional", *aliases),
        icon="ph.arrows-clockwise",
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=("{hidden_size} units", "{output}"),
        module=f"engine.modules.recurrent:{title}",
        ports=_ports(*states),
        expect=_expect,
        arguments=arguments,
        weights=weights,
        traits=frozenset({"steps_over_time"}),
    )


RNN = _recurrent(
    "rnn",
    "RNN",
    "Reads a sequence step by step; its state is what it makes of the step and of its state before.",
    "h[t] = tanh(W x[t] + U h[t−1] + b)",
    ("elman", "simple recurrent"),
    _parameters("RNNs", NONLINEARITY),
    arguments=_arguments("nonlinearity"),
)
LSTM = _recurrent(
    "lstm",
    "LSTM",
    "Reads a sequence step by step and keeps a memory cell that gates write, keep and read.",
    "c = f ⊙ c + i ⊙ g,  h = o ⊙ tanh c",
    ("long short-term memory", "rnn", "peephole"),
    _parameters("LSTMs", _PEEPHOLES),
    ("state", "cell"),
    weights=_lstm_weights,
)
GRU = _recurrent(
    "gru",
    "GRU",
    "Like an LSTM with two gates and no cell: one gate keeps the state, one forgets it for the new proposal.",
    "h = z ⊙ h + (1 − z) ⊙ n,  n = tanh(W x + r ⊙ U h)",
    ("gated recurrent unit", "rnn"),
    _parameters("GRUs"),
)

TYPES = (LSTM, GRU, RNN)
