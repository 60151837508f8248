"""What a kind of block is, declared as data; nothing here knows torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from string import Formatter
from typing import Literal

import msgspec

from engine.graph.graph import Block, Graph, PortRef
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Item, Plain, Value, counted, format_value, is_finite, list_words, resolve

Parameters = Mapping[str, Value]
"""Resolved parameters: defaults filled in, formulas computed."""
Inputs = Mapping[str, TensorSpec]
"""The specs that reach a block, by input port; unconnected ports are absent."""

WeightGroups = tuple[tuple[str, tuple[str, ...]], ...]
"""Labels such as “Initial weights”, and the parameters of the module that each stands for, as PyTorch calls them."""

Trait = Literal[
    "needs_gradient", "stochastic", "batch_statistics", "steps_over_time", "energy", "own_code", "along_axis"
]
"""`along_axis`: an activation that makes a number from several along an axis, others look at one by itself."""
Role = Literal["input", "layer", "loss", "container", "boundary"]


class Port(Plain, frozen=True):
    """One port of a block: a stable id, the label people read, and whether it may stay unconnected."""

    id: str
    label: str
    optional: bool = False


class Ports(Plain, frozen=True):
    """The ports of a block from top to bottom, the outputs in the order in which its module returns them."""

    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()


class Parameter(Plain, frozen=True):
    """One parameter of a block type, in PyTorch's spelling; the inspector's field is made from it.

    `unit` is what its numbers count, where the label does not say it: `px`, `steps`. `length` is the number of items of
    a tuple, None for any; `minimum` and `maximum` hold for each item. `advanced` parameters fold away behind a link.
    `logarithmic` floats scrub by ratio. `listed` tuples are no sizes: an order or a list, written `2, 1` instead of
    `2×1`. `absent` is what a field says where nothing is given: a word, or the id of the parameter whose value is taken
    then.
    """

    id: str
    label: str
    kind: Literal["integer", "float", "choice", "boolean", "tuple", "text"]
    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    length: int | None = None
    optional: bool = False
    advanced: bool = False
    logarithmic: bool = False
    listed: bool = False
    absent: str = ""

    def words(self, value: Value) -> str:
        """The value as people write it: `3×3`, `0.5`, `2, 1` where it is a list."""
        return list_words(value) if self.listed else format_value(value)

    def is_kind(self, value: Value) -> bool:
        """Whether `value`, formulas computed, is of the parameter's kind; None is where it may be left out."""
        match self.kind:
            case _ if value is None:
                return self.optional
            case "integer":
                return _is_whole(value)
            case "float":
                return isinstance(value, (int, float)) and not isinstance(value, bool) and is_finite(value)
            case "boolean":
                return isinstance(value, bool)
            case "choice":
                return isinstance(value, str)
            case "text":
                items = value if isinstance(value, tuple) else (value,)
                return all(isinstance(item, str) for item in items)
            case "tuple":
                if not isinstance(value, tuple) or (self.length is not None and len(value) != self.length):
                    return False
                return all(_is_whole(item) for item in value)

    def in_range(self, value: Value) -> bool:
        """Whether a value of its kind is one of its choices, or its numbers lie within its bounds."""
        if self.kind == "choice":
            return value in self.choices
        if self.kind not in ("integer", "float", "tuple") or value is None:
            return True
        return all(
            isinstance(item, (int, float))
            and (self.minimum is None or item >= self.minimum)
            and (self.maximum is None or item <= self.maximum)
            for item in (value if isinstance(value, tuple) else (value,))
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) or (isinstance(value, float) and value.is_integer())


class Prediction(Plain, frozen=True):
    """Which port of a loss carries the prediction, and the transform that makes it readable."""

    port: str
    transform: Literal["none", "softmax", "sigmoid"]
    target: str = "target"


class Repair(Plain, frozen=True):
    """A block that, put before the port, would make the input fit; `parameters` are pairs of id and value."""

    type: str
    parameters: tuple[tuple[str, Item], ...] = ()


class Mismatch(Plain, frozen=True):
    """What a block type says of inputs it cannot take; analysis and `why_not` make a Problem of it.

    `code` is one of `sentences.py`; its facts are `expected`, `received`, `hint` and what else that sentence tells.
    """

    code: str
    port: str
    facts: Mapping[str, Value | TensorSpec] = {}
    repairs: tuple[Repair, ...] = ()


class BlockType(msgspec.Struct, frozen=True):
    """A kind of block: a module-level constant of `engine.blocks`, never saved, so it may hold functions.

    `summary` are templates for the block's second line (`{out_channels} filters`) over its parameters and, by port, the
    per-sample shapes that reach it, or a part of what does (`{logits.shape[1]} classes`); those of `summary_if_changed`
    follow where one of their parameters is not its default. `module` names the class to build (`torch.nn:Conv2d`),
    called with the inputs in `arguments_order`; empty for inputs, boundaries and containers that expand into plain
    drawings. `weights` names what learns and may be started in its own way. `body` draws the
    body of a new container; `remedy` is the parameter and value that mend a container whose added blocks do not fit.
    `copies` says how many times a container runs its body, one copy behind the other. `transposes` are pairs of a type
    whose weights this one can use the other way round, and the module that then holds them. `longest` is the parameter
    that says how many time steps its module takes at most.
    """

    id: str
    family: str
    title: str
    aliases: tuple[str, ...]
    purpose: str
    formula: str
    parameters: tuple[Parameter, ...]
    ports: Callable[[Parameters, Graph | None], Ports]
    expect: Callable[[Parameters, Inputs], Mismatch | None]
    role: Role = "layer"
    icon: str = ""
    summary: tuple[str, ...] = ()
    summary_if_changed: tuple[str, ...] = ()
    module: str = ""
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] = lambda parameters, inputs: {}
    expand: Callable[[Parameters, Graph, Inputs, Inputs], Graph] | None = None
    weights: Callable[[Parameters], WeightGroups] = lambda parameters: ()
    body: Callable[[Callable[[], str]], Graph] | None = None
    copies: Callable[[Parameters], int] | None = None
    transposes: tuple[tuple[str, str], ...] = ()
    remedy: tuple[str, Item] | None = None
    prediction: Prediction | None = None
    longest: str = ""
    traits: frozenset[Trait] = frozenset()

    @property
    def runs_over_time(self) -> bool:
        """Whether it is a container whose body runs once for each time step."""
        return self.role == "container" and "steps_over_time" in self.traits

    def parameter(self, id: str) -> Parameter | None:
        """The declaration of parameter `id`, or None."""
        return next((parameter for parameter in self.parameters if parameter.id == id), None)

    def resolved(self, block: Block, variables: Mapping[str, Value]) -> dict[str, Value]:
        """The block's parameters with defaults filled in and formulas computed. Raises FormulaError."""
        given = block.parameters
        return {
            parameter.id: resolve(given.get(parameter.id, parameter.default), variables)
            for parameter in self.parameters
        }

    def ports_of(self, block: Block, variables: Mapping[str, Value] = {}) -> Ports:  # noqa: B006 -- never changed
        """The ports of `block`; what a parameter cannot be counts as its default."""
        return self.ports(lenient_parameters(self, block, variables), block.body)

    def arguments_order(self, ports: Ports) -> tuple[str, ...]:
        """The input ports in the order in which the module takes them: a loss takes its prediction first.

        Optional ports come last; where they are connected, the module takes them by keyword, the port's id.
        """
        required = [port.id for port in ports.inputs if not port.optional]
        if self.prediction is not None:
            required.sort(key=lambda id: id != self.prediction.port)  # type: ignore[union-attr]
        return (*required, *(port.id for port in ports.inputs if port.optional))

    def second_line(self, parameters: Parameters, inputs: Inputs) -> str:
        """The parameters that matter, as shown under the block's name: `16 filters · 3×3`."""
        facts: dict[str, str | TensorSpec] = {}
        templates = self.summary
        if self.summary_if_changed:
            changed = (template for template in self.summary_if_changed if self._is_changed(template, parameters))
            templates = (*templates, *changed)
        for field in _names_in(templates):
            name, _, part = field.partition(".")
            if parameters.get(name) is not None:
                facts[name] = self.words_of(name, parameters[name])
            elif name in inputs:
                facts[name] = inputs[name] if part else inputs[name].per_sample
        return " · ".join(filled for template in templates if (filled := _fill(template, facts)))

    def _is_changed(self, template: str, parameters: Parameters) -> bool:
        declared = (self.parameter(name) for name in _names_in((template,)))
        return any(known is not None and parameters.get(known.id) != known.default for known in declared)

    def words_of(self, id: str, value: Value) -> str:
        """A value of the parameter `id` as people write it."""
        listed = isinstance(value, tuple) and any(known.id == id and known.listed for known in self.parameters)
        return list_words(value) if listed else format_value(value)


@lru_cache(maxsize=1024)
def _names_in(templates: tuple[str, ...]) -> tuple[str, ...]:
    """What the templates ask for: a drawing of thousands of blocks writes no more than it shows."""
    return tuple(dict.fromkeys(name for template in templates for _, name, _, _ in Formatter().parse(template) if name))


_ONE = re.compile(r"^1 (\w+s)$")
"""`1 units` is written `1 unit`."""


def _fill(template: str, facts: Mapping[str, str | TensorSpec]) -> str:
    try:
        return _ONE.sub(lambda found: counted(1, found[1]), template.format_map(facts))
    except (KeyError, IndexError, ValueError, AttributeError):
        return ""


def lenient_parameters(type: BlockType, block: Block, variables: Mapping[str, Value]) -> dict[str, Value]:
    """Resolved parameters, so that any drawing can be shown.

    The default stands in where a formula fails, and for a value that the parameter cannot have: a file may hold any.
    """
    resolved: dict[str, Value] = {}
    for parameter in type.parameters:
        resolved[parameter.id] = parameter.default
        given = block.parameters.get(parameter.id, parameter.default)
        try:
            value = resolve(given, variables)
        except ValueError:
            continue
        if given is parameter.default or (parameter.is_kind(value) and parameter.in_range(value)):
            resolved[parameter.id] = value
    return resolved


def boundary_ports(body: Graph | None) -> Ports:
    """The ports of a container: the Entry and Exit blocks of its body, ids as port ids, names as labels."""
    if body is None:
        return Ports()

    def ports(type: str) -> Iterable[Port]:
        found = sorted(
            (block for block in body.blocks.values() if block.type == type),
            key=lambda block: (block.look.y, block.look.x, block.id),
        )
        return (Port(id=block.id, label=block.name) for block in found)

    return Ports(inputs=tuple(ports("entry")), outputs=tuple(ports("exit")))


def source_of(graph: Graph, target: PortRef) -> PortRef | None:
    """Where the wire into `target` comes from, or None."""
    return next((wire.source for wire in graph.wires if wire.target == target), None)
