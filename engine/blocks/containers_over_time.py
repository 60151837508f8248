"""The container that runs its body once for each time step, and the Delay that lets a loop through it."""

from __future__ import annotations

from collections.abc import Callable

from engine.blocks.containers import container_ports, expect_anything
from engine.blocks.shared import INPUT, OUTPUT
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import Dim, told_apart

_DELAY_PORTS = Ports(inputs=(Port(INPUT, ""),), outputs=(Port(OUTPUT, ""),))
LAST = "last step"


def _delay_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return _DELAY_PORTS


def _expect_sequences(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """Sequences N×T×…, at least N×T for labels, all of one length."""
    first = next(iter(inputs.values()), None)
    for port, spec in inputs.items():
        least = 2 if spec.is_label else 3
        if spec.rank < least or not isinstance(spec.shape[0], Dim):
            hint = "Its body runs once for each time step."
            return Mismatch("rank", port, {"expected": "sequences N×T×…", "received": spec, "hint": hint})
        if first is not None and spec.shape[1] != first.shape[1]:
            reason = f"its sequences have {first.shape[1]} and {spec.shape[1]} steps"
            if str(first.shape[1]) == str(spec.shape[1]):
                reason = f"its sequences are {' and '.join(told_apart(first, spec))}"
            return Mismatch("together", port, {"reason": reason, "hint": "Give all its inputs the same length."})
    return None


def _elman_body(new_id: Callable[[], str]) -> Graph:
    """h(t) = tanh(W x(t) + U h(t − 1) + b): Elman, Finding structure in time, 1990."""
    entry, w, u, add, tanh, delay, exit = (new_id() for _ in range(7))
    blocks = (
        Block(entry, "entry", "Entry", look=Look(0, 0)),
        Block(w, "dense", "Input weights", {"out_features": 32}, look=Look(152, 0)),
        Block(add, "add", "Add", look=Look(392, 0)),
        Block(tanh, "tanh", "Tanh", look=Look(560, 0)),
        Block(exit, "exit", "Exit", look=Look(728, 0)),
        Block(delay, "delay", "Delay", look=Look(0, 152)),
        Block(u, "dense", "State weights", {"out_features": 32, "bias": False}, look=Look(152, 152)),
    )
    wires = (
        Wire(PortRef(entry, OUTPUT), PortRef(w, INPUT)),
        Wire(PortRef(w, OUTPUT), PortRef(add, "a")),
        Wire(PortRef(u, OUTPUT), PortRef(add, "b")),
        Wire(PortRef(add, OUTPUT), PortRef(tanh, INPUT)),
        Wire(PortRef(tanh, OUTPUT), PortRef(exit, INPUT)),
        Wire(PortRef(tanh, OUTPUT), PortRef(delay, INPUT)),
        Wire(PortRef(delay, OUTPUT), PortRef(u, INPUT)),
    )
    return Graph(blocks={block.id: block for block in blocks}, wires=sorted_wires(wires))


DELAY = BlockType(
    id="delay",
    family="recurrent",
    title="Delay",
    aliases=("z-1", "unit delay", "memory", "state", "feedback", "lag"),
    icon="ph.clock-counter-clockwise",
    purpose="Gives what came in k time steps before, and zeros at first; loops inside a Recurrent lead through it.",
    formula="y(t) = x(t − k),  y = 0 at first",
    parameters=(Parameter("k", "Steps", "integer", 1, "How many time steps it holds a value back.", 1, 10_000),),
    summary=("z⁻{k}",),
    role="boundary",
    ports=_delay_ports,
    expect=expect_anything,
)

RECURRENT = BlockType(
    id="recurrent",
    family="recurrent",
    title="Recurrent",
    aliases=("loop", "elman", "feedback", "unfold", "over time", "sequence", "container"),
    icon="ph.arrow-arc-left",
    purpose="Runs its body once for each time step; loops in it lead through Delays, which carry the state.",
    formula="y(t), s(t) = F(x(t), s(t − 1))",
    parameters=(
        Parameter(
            "output",
            "Output",
            "choice",
            "all steps",
            "Gives every step of the sequence, or only the last.",
            choices=("all steps", LAST),
        ),
    ),
    summary=("{output}",),
    role="container",
    ports=container_ports,
    expect=_expect_sequences,
    body=_elman_body,
    traits=frozenset({"steps_over_time"}),
)

TYPES = (RECURRENT, DELAY)
