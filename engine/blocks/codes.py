"""Outputs that are distances to fixed codes."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.dense import expect_features
from engine.blocks.shared import channels, one_to_one, whole
from engine.graph.block_type import BlockType, Inputs, Parameter, Parameters
from engine.graph.values import Value


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"in_features": channels(inputs, -1), "out_features": whole(parameters, "out_features")}


CODE_DISTANCE = BlockType(
    id="code_distance",
    family="dense",
    title="Code distance",
    aliases=("lenet output", "euclidean rbf", "distributed codes", "error-correcting output"),
    icon="ph.barcode",
    purpose="Gives each class a fixed ±1 code and says how near the input is to it; it has nothing to learn.",
    formula="y[j] = −‖x − c[j]‖²",
    parameters=(Parameter("out_features", "Classes", "integer", 10, "How many classes have a code.", 1, 65_536),),
    summary=("{out_features} classes",),
    module="engine.modules.codes:CodeDistance",
    ports=one_to_one,
    expect=expect_features,
    arguments=_arguments,
)

TYPES = (CODE_DISTANCE,)
