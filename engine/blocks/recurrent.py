"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import (
    BIAS,
    INPUT,
    channels,
    one_to_one,
    recurrent_weights,
    sizes_known,
    values_of_rank,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = values_of_rank(
        inputs, INPUT, (3,), "sequences N×T×features", "It reads one row of features at each time step."
    )
    return fault or sizes_known(inputs, (-1,))


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "input_size": channels(inputs, -1),
        "hidden_size": whole(parameters, "hidden_size"),
        "num_layers": whole(parameters, "num_layers"),
        "bias": parameters["bias"],
        "dropout": parameters["dropout"] if whole(parameters, "num_layers") > 1 else 0.0,
        "bidirectional": parameters["bidirectional"],
        "last_step": parameters["output"] == "last step",
    }


LSTM = BlockType(
    id="lstm",
    family="recurrent",
    title="LSTM",
    aliases=("long short-term memory", "rnn", "recurrent", "sequence"),
    icon="ph.arrows-clockwise",
    purpose="Reads a sequence step by step and keeps a memory cell that gates write, keep and read.",
    formula="c = f ⊙ c + i ⊙ g,  h = o ⊙ tanh c",
    parameters=(
        Parameter("hidden_size", "Units", "integer", 32, "How many numbers its memory has.", 1, 65_536),
        Parameter(
            "output",
            "Output",
            "choice",
            "last step",
            "The state after the last step, or after every step.",
            choices=("last step", "all steps"),
        ),
        Parameter("num_layers", "Layers", "integer", 1, "How many LSTMs are stacked.", 1, 64),
        Parameter("bidirectional", "Both directions", "boolean", False, "Also reads the sequence from its end."),
        Parameter("dropout", "Dropout", "float", 0.0, "Dropped between stacked layers.", 0.0, 1.0, advanced=True),
        BIAS,
    ),
    summary=("{hidden_size} units", "{output}"),
    module="engine.modules.recurrent:LSTM",
    ports=one_to_one,
    expect=_expect,
    arguments=_arguments,
    weights=recurrent_weights,
)

TYPES = (LSTM,)
