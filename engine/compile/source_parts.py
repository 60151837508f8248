"""The parts of a plan for Python source: tensors, steps, bodies, losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from engine.compile.records import Record
from engine.graph.analysis import port_key
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph, Path, PortRef
from engine.graph.tensor_spec import TensorSpec


class Tensor(NamedTuple):
    """A tensor: the body in which it arises, and the port of the block there that gives it."""

    path: Path
    port: PortRef

    @property
    def key(self) -> str:
        """Its key among the ports of the drawing."""
        return port_key((*self.path, self.port.block), self.port.port)


class Owner(NamedTuple):
    """The block whose module is called, by the body it stands in."""

    path: Path
    id: str


class State(NamedTuple):
    """What a Delay holds: the tensor that it gives, the one that it is fed, for how many steps, and its shape."""

    tensor: Tensor
    fed: Tensor
    steps: int
    spec: TensorSpec


class Step(msgspec.Struct, frozen=True, eq=False):
    """One call in a forward function: of a module, or of a container whose body is `inner`.

    `arguments` are the tensors by input port, those of optional ports last; `outputs` tells for every port that the
    module returns which tensor somebody reads, or None. A Repeat has the bodies of all its `copies`, each fed by the
    one before; where losses read inside them there is one step for each, and `copy` is its number.
    """

    record: Record
    type: BlockType
    arguments: Mapping[str, Tensor]
    optional: frozenset[str]
    outputs: tuple[Tensor | None, ...]
    owner: Owner
    inner: BodyPlan | None = None
    copies: tuple[BodyPlan, ...] = ()
    copy: int | None = None


class BodyPlan(msgspec.Struct, frozen=True, eq=False):
    """One class to be: its `entries` are what it takes, `modules` those of enclosing bodies that it calls.

    `returns` are its tensors, `given` what the parent calls them: the same at the root. The body of a Recurrent runs
    once for each time step and keeps `states`; `last` tells whether only the last step's tensors leave.
    """

    path: Path
    graph: Graph
    records: Mapping[str, Record]
    entries: tuple[Tensor, ...]
    steps: tuple[Step, ...]
    returns: tuple[Tensor, ...]
    given: tuple[Tensor, ...]
    modules: tuple[Owner, ...]
    states: tuple[State, ...] = ()
    last: bool | None = None


class LossUse(msgspec.Struct, frozen=True, eq=False):
    """One loss block: what it compares, by port in the order of its module's arguments."""

    key: str
    record: Record
    type: BlockType
    arguments: Mapping[str, Tensor]
    optional: frozenset[str]


class Plan(msgspec.Struct, frozen=True, eq=False):
    """The root's class, the losses, graph and records of every body.

    `declared` are the blocks whose modules exist, with their types, `bodies` the plans of containers among them;
    `ties` are blocks that hold the weight of another, transposed.
    """

    root: BodyPlan
    graphs: Mapping[Path, Graph]
    records: Mapping[Path, Mapping[str, Record]]
    losses: tuple[LossUse, ...]
    declared: Mapping[Owner, BlockType]
    bodies: Mapping[Owner, tuple[BodyPlan, ...]]
    ties: tuple[tuple[Owner, Owner], ...]
