"""The way back through a pool, in sequences, pictures and volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.pooling import KINDS, padding_fits, stride_of
from engine.blocks.shared import AXES, INPUT, OUTPUT, grid, pair, same_arguments, tuple_parameter
from engine.blocks.upsampling import UNPOOL2D
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.tensor_spec import TensorSpec, told_apart
from engine.graph.values import Value

INDICES, LIKE = "indices", "like"


def _ports(parameters: Parameters, body: Graph | None) -> Ports:
    inputs = (Port(INPUT, ""), Port(INDICES, "places"), Port(LIKE, "size of", optional=True))
    return Ports(inputs=inputs, outputs=(Port(OUTPUT, ""),))


def _expect(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        spec, places, like = inputs.get(INPUT), inputs.get(INDICES), inputs.get(LIKE)
        fault = grid(inputs, dimensions)
        if fault is not None:
            return fault
        if places is not None and places.dtype != "int64":
            return _differs("dtype", INDICES, "places", places, "Switch on Places at the Max pool, and wire them.")
        if spec is not None and places is not None and places.shape != spec.shape:
            wanted, received = told_apart(spec, places)
            expected = f"a place for each number of {wanted}"
            return Mismatch("channels", INDICES, {"expected": expected, "received": received, "hint": ""})
        if spec is not None and like is not None and like.shape[:2] != spec.shape[:2]:
            return _differs("channels", LIKE, "what went into the Max pool", like, "")
        if like is not None and like.rank != dimensions + 2:
            return _differs("rank", LIKE, "what went into the Max pool", like, "")
        return padding_fits(parameters)

    return expect


def _differs(code: str, port: str, expected: str, spec: TensorSpec, hint: str) -> Mismatch:
    received = f"{spec} of {spec.dtype}" if code == "dtype" else str(spec)
    return Mismatch(code, port, {"expected": expected, "received": received, "hint": hint})


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": stride_of(parameters),
        "padding": pair(parameters, "padding"),
    }


def _max_unpool(dimensions: int) -> BlockType:
    words = AXES[dimensions]
    return BlockType(
        id=f"max_unpool{dimensions}d",
        family="pooling",
        title="Max unpool" if dimensions == 2 else f"Max unpool {dimensions}-D",
        aliases=("unpooling", "segnet", "deconvnet", "switches", "decoder"),
        icon="ph.arrows-out-simple",
        purpose=f"Puts each number of {KINDS[dimensions]} back where a max pool had found it, with zeros elsewhere.",
        formula="y[p[i]] = x[i], 0 elsewhere",
        parameters=(
            tuple_parameter("kernel_size", "Window", (2,) * dimensions, f"{words} of the pool’s window.", dimensions),
            tuple_parameter(
                "stride", "Stride", None, "The pool’s stride; none: its window.", dimensions, absent="kernel_size"
            ),
            tuple_parameter("padding", "Padding", (0,) * dimensions, "The pool’s padding.", dimensions, 0, True),
        ),
        summary=("{kernel_size}",),
        module=f"engine.modules.unpooling:MaxUnpool{dimensions}d",
        ports=_ports,
        expect=_expect(dimensions),
        arguments=_arguments,
    )


def _unpool(dimensions: int) -> BlockType:
    words = f"{AXES[dimensions]} of the window."
    window = tuple_parameter("kernel_size", "Window", (2,) * dimensions, words, dimensions)
    mode = UNPOOL2D.parameter("mode")
    assert mode is not None
    return BlockType(
        id=f"unpool{dimensions}d",
        family="pooling",
        title=f"Unpool {dimensions}-D",
        aliases=UNPOOL2D.aliases,
        icon=UNPOOL2D.icon,
        purpose=f"Makes a window out of each number of {KINDS[dimensions]}: repeated, or in one corner with zeros.",
        formula=UNPOOL2D.formula,
        parameters=(window, mode),
        summary=UNPOOL2D.summary,
        module=f"engine.modules.unpooling:Unpool{dimensions}d",
        ports=UNPOOL2D.ports,
        expect=lambda parameters, inputs: grid(inputs, dimensions),
        arguments=same_arguments("kernel_size", "mode"),
    )


TYPES = (_max_unpool(2), _max_unpool(1), _max_unpool(3), _unpool(1), _unpool(3))
