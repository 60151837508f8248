"""Which block types a person means by what they typed: `conv 32 3`, `linear`, `max pool 2x2 stride=2`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import count
from string import Formatter

import msgspec

from engine.graph.block_type import BlockType, Parameter, Port, Repair
from engine.graph.graph import Block
from engine.graph.parameter_rules import parameter_problem
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value, format_value

_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$", re.IGNORECASE)
_SIZES = re.compile(r"^\d+([x×]\d+)+$", re.IGNORECASE)
_TITLE, _EXACT, _TITLE_PREFIX, _TITLE_WORDS, _PREFIX, _WORDS, _INSIDE, _FAMILY = 8, 7, 6, 5, 4, 3, 2, 1
_USUAL = ("dense", "conv2d", "dropout", "embedding", "lstm")
_COMMON = (
    ("conv2d", "conv1d", "conv3d", "max_pool2d", "avg_pool2d", "lstm", "gru", "embedding", "dense"),
    ("relu", "dropout", "batch_norm2d", "batch_norm1d", "flatten", "max_pool1d", "max_pool3d", "self_attention")
    + ("layer_norm", "global_avg_pool2d", "sigmoid", "tanh", "softmax", "add", "concat", "residual")
    + ("cross_entropy", "binary_cross_entropy", "squared_error"),
)
"""What most networks are made of: what learns or pools, then what follows it."""
LONGEST_TEXT = 200
"""What is pasted may be a page; no name is as long, and Python reads no number of thousands of digits."""
_PLACES = {id: (group, place) for group, ids in enumerate(_COMMON) for place, id in enumerate(ids)}
_PROBES = (
    TensorSpec(shape=(Dim("N"), 16), dtype="float32"),
    TensorSpec(shape=(Dim("N"), Dim("T"), 16), dtype="float32"),
    TensorSpec(shape=(Dim("N"), 16, 32, 32), dtype="float32"),
    TensorSpec(shape=(Dim("N"),), dtype="int64"),
    TensorSpec(shape=(Dim("N"), Dim("T")), dtype="int64"),
)


class Match(msgspec.Struct, frozen=True):
    """One block type that fits, with the parameters that the typed values set; `words` shows them: `32 · 3×3`.

    `before` is the type that has to stand before it for the tensor to fit, "" where it fits by itself.
    """

    type_id: str
    parameters: Mapping[str, Value] = {}
    words: str = ""
    before: str = ""


class Found(msgspec.Struct, frozen=True):
    """What a query finds, best first.

    `refusing` are types whose name fits but which do not take the tensor, the best name first, and `missed` the first
    of them where its name fits better than that of any match; `nearest` is the type whose name is closest where no name
    fits, or None.
    """

    matches: tuple[Match, ...] = ()
    refusing: tuple[str, ...] = ()
    missed: str = ""
    nearest: str | None = None


class Query(msgspec.Struct, frozen=True):
    """A query taken apart: the words of a name, and the values after it."""

    name: str
    values: tuple[str, ...] = ()


def parse_query(text: str) -> Query:
    """The name is all before the first number, size such as `3x3`, or `key=value`; the rest are values."""
    words = text[:LONGEST_TEXT].split()
    cut = next((index for index, word in enumerate(words) if _is_value(word)), len(words))
    return Query(name=" ".join(words[:cut]), values=tuple(words[cut:]))


def find_blocks(
    text: str,
    types: Mapping[str, BlockType],
    *,
    spec: TensorSpec | None = None,
    usage: Mapping[str, int] = {},  # noqa: B006 -- never changed
    candidates: Iterable[str] | None = None,
    repairs: Mapping[str, Repair | None] = {},  # noqa: B006 -- never changed
) -> Found:
    """The types that `text` may mean: by name, then by fit to the tensor `spec`, then by how often they were chosen.

    With a spec only types that accept it are matches, and those that most networks are made of come first.
    `candidates` limits the types; those of `repairs` do not take the tensor, and are found by name, behind equal ones
    that do, where a repair makes it fit. An empty text finds all candidates; values without a name find what shows them
    all on its second line, the usual blocks first.
    """
    query = parse_query(text)
    pool = [types[id] for id in (types if candidates is None else candidates) if id in types]
    pool += [types[id] for id in repairs if id in types] if query.name else []
    named = [(score, type) for type in pool if (score := name_score(query.name, type))]
    if not named:
        mendable = [type for type in pool if repairs.get(type.id, True)]
        return Found(nearest=nearest_name(query.name, mendable))
    nameless = bool(query.values) and not query.name
    ranked: list[tuple[tuple[float, ...], Match]] = []
    refusing: list[tuple[int, str]] = []
    for order, (score, type) in enumerate(named):
        parameters, left_over = typed_parameters(type, query.values)
        repair = repairs.get(type.id)
        if spec is not None and _takes(type, spec, parameters, type.id in repairs):
            repair = None
        elif spec is not None and repair is None:
            refusing.append((-score, type.id))
            continue
        if nameless and (left_over or not parameters.keys() <= shown_parameters(type).keys()):
            continue
        match = Match(
            type_id=type.id,
            parameters=parameters,
            words=" · ".join(type.words_of(id, value) for id, value in parameters.items()),
            before=repair.type if repair is not None else "",
        )
        group, fit, place = _fit_place(type) if spec is not None else (0, 0, 0)
        place = _nameless_place(type) if nameless and not place else place
        rank = (-score, left_over, repair is not None, group, -fit, -usage.get(type.id, 0), place, order)
        ranked.append((rank, match))
    ranked.sort(key=lambda pair: pair[0])
    refusing = [] if nameless else sorted(refusing, key=lambda pair: pair[0])
    return Found(
        matches=tuple(match for _, match in ranked),
        refusing=tuple(id for _, id in refusing),
        missed=refusing[0][1] if refusing and ranked and refusing[0][0] < ranked[0][0][0] else "",
    )


def name_score(name: str, type: BlockType) -> int:
    """How well `name` names the type, 0 not at all.

    8 is its title, 7 another of its names; 6 begins the title, 5 does so word by word; 4 and 3 do so with another name;
    2 is within one, 1 begins its family.
    """
    wanted = _squeezed(name)
    if not wanted:
        return _EXACT
    best = 0
    words = _words(name)
    for place, (squeezed, known) in enumerate(_spelt(type)):
        if squeezed == wanted:
            return _TITLE if place == 0 else _EXACT
        if squeezed.startswith(wanted):
            best = max(best, _PREFIX if place else _TITLE_PREFIX)
        elif _begin_in_order(words, known):
            best = max(best, _WORDS if place else _TITLE_WORDS)
        elif len(wanted) >= 3 and wanted in squeezed:
            best = max(best, _INSIDE)
    if not best and all(any(known.startswith(word) for known in _all_words(type)) for word in words):
        best = _INSIDE
    if not best and len(wanted) >= 3 and type.family.startswith(wanted):
        best = _FAMILY
    return best


@lru_cache(maxsize=512)
def _all_words(type: BlockType) -> frozenset[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", pytorch_name(type))
    return frozenset(word for name in (*names_of(type), spaced) for word in _words(name))


@lru_cache(maxsize=512)
def _spelt(type: BlockType) -> tuple[tuple[str, list[str]], ...]:
    """Each name of the type, its title first: in one, and word by word. They are compared at every key."""
    return tuple((_squeezed(name), _words(name)) for name in names_of(type))


def names_of(type: BlockType) -> tuple[str, ...]:
    """All that people call it: title, aliases, PyTorch's name."""
    return tuple(name for name in (type.title, *type.aliases, pytorch_name(type)) if name)


def pytorch_name(type: BlockType) -> str:
    """The class that the block is in PyTorch or in this program, `Conv2d`; "" where there is none."""
    return type.module.rpartition(":")[2]


def nearest_name(name: str, types: Iterable[BlockType]) -> str | None:
    """The id of the type whose name is the fewest slips of the keyboard away, or None where all are far."""
    wanted = _squeezed(name)
    best: tuple[float, str] | None = None
    for type in types:
        for known in names_of(type):
            squeezed = _squeezed(known)
            allowed = max(1, min(len(wanted), len(squeezed)) // 3) + 0.5
            if len(wanted) - len(squeezed) > allowed:
                continue  # a page that was pasted would be compared with each name for minutes
            distance = min(slips(wanted, squeezed), slips(wanted, squeezed[: len(wanted)]) + 0.5)
            if distance <= allowed and (best is None or distance < best[0]):
                best = (distance, type.id)
    return best[1] if best is not None else None


def slips(one: str, other: str) -> int:
    """Damerau's distance: letters left out, put in, changed, or swapped with their neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, known in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != known))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == known:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, last = last, line
    return last[-1]


def accepting_port(
    type: BlockType,
    spec: TensorSpec,
    parameters: Mapping[str, Value] = {},  # noqa: B006 -- never changed
) -> str | None:
    """The first input of a new block that takes `spec`, `parameters` in place of its defaults; None where none does."""
    given = {parameter.id: parameter.default for parameter in type.parameters} | dict(parameters)
    inputs = _new_inputs(type)
    return next((port.id for port in inputs if type.expect(given, {port.id: spec}) is None), None)


def _takes(type: BlockType, spec: TensorSpec, parameters: Mapping[str, Value], refuses: bool) -> bool:
    """Whether a new block takes the tensor; one that `refuses` it with its defaults may with what was typed."""
    if refuses:
        return type.body is None and bool(parameters) and accepting_port(type, spec, parameters) is not None
    return accepting_port(type, spec) is not None


@lru_cache(maxsize=512)
def _new_inputs(type: BlockType) -> tuple[Port, ...]:
    """The inputs of a new block; those of a container are the Entries of the body that it begins with."""
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    numbers = count()
    body = type.body(lambda: f"new-{next(numbers)}") if type.body is not None else None
    return tuple(type.ports(defaults, body).inputs)


@lru_cache(maxsize=512)
def specificity(type: BlockType) -> int:
    """How many of five usual tensors the type refuses: a convolution fits a picture better than a ReLU does."""
    return sum(accepting_port(type, probe) is None for probe in _PROBES)


def typed_parameters(type: BlockType, values: Iterable[str]) -> tuple[dict[str, Value], int]:
    """The parameters that typed values set, and how many values found no parameter.

    Numbers go to the parameters of the second line and then the others in order, words to the choice that begins so,
    `key=value` to the parameter called so. A number for a tuple fills all its items.
    """
    parameters: dict[str, Value] = {}
    left_over = 0
    for word in values:
        key, equals, rest = word.partition("=")
        free = [parameter for parameter in open_parameters(type) if parameter.id not in parameters]
        if equals:
            free = [parameter for parameter in free if _is_called(parameter, key)]
        for parameter in free:
            value = _value_for(type, parameter, rest if equals else word)
            if value is not None:
                parameters[parameter.id] = value
                break
        else:
            left_over += 1
    return parameters, left_over


def open_parameters(type: BlockType) -> tuple[Parameter, ...]:
    """The type's parameters in the order in which typed values go to them."""
    order = shown_parameters(type)
    return tuple(sorted(type.parameters, key=lambda parameter: order.get(parameter.id, len(order))))


def shown_parameters(type: BlockType) -> dict[str, int]:
    """The parameters of the type's second line, and the place of each there."""
    shown = [name for template in type.summary for _, name, _, _ in Formatter().parse(template) if name]
    return {id: index for index, id in enumerate(shown)}


def _fit_place(type: BlockType) -> tuple[int, int, int]:
    """Among what takes a tensor: the type's group, lower ones first, its fit in that, and its place among equals."""
    common = _PLACES.get(type.id)
    if common is not None:
        return common[0], 0, common[1]
    return len(_COMMON), specificity(type) if type.role != "loss" else 0, 0


def _nameless_place(type: BlockType) -> int:
    """How late a number alone means it: the usual blocks first, other layers, losses, then numbers without an input."""
    if type.id in _USUAL:
        return _USUAL.index(type.id) - len(_USUAL)
    return 2 if type.family == "input" else int(type.role != "layer")


def _value_for(type: BlockType, parameter: Parameter, word: str) -> Value:
    value: Value = None
    if parameter.kind == "choice":
        folded = _squeezed(word)
        value = next((choice for choice in parameter.choices if folded and _squeezed(choice).startswith(folded)), None)
    elif parameter.kind == "tuple" and (_SIZES.match(word) or _NUMBER.match(word)):
        if _SIZES.match(word):
            value = tuple(int(part) for part in re.split("[x×]", word.lower()))
        elif word.isdecimal():
            default = parameter.default
            length = parameter.length or (len(default) if isinstance(default, tuple) and default else 1)
            value = (int(word),) * length
    elif parameter.kind == "integer" and word.lstrip("+-").isdecimal():
        value = int(word)
    elif parameter.kind == "float" and _NUMBER.match(word):
        value = float(word)
    elif parameter.kind == "boolean" and word.lower() in ("yes", "true", "on", "no", "false", "off"):
        value = word.lower() in ("yes", "true", "on")
    if value is None:
        return None
    block = Block(id="new", type=type.id, name=type.title)
    return value if parameter_problem(type, block, parameter, value, {}) is None else None


def _is_called(parameter: Parameter, key: str) -> bool:
    wanted = _squeezed(key)
    return bool(wanted) and (
        _squeezed(parameter.id).startswith(wanted) or _squeezed(parameter.label).startswith(wanted)
    )


def _is_value(word: str) -> bool:
    return bool(_NUMBER.match(word) or _SIZES.match(word) or ("=" in word and not word.startswith("=")))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _squeezed(text: str) -> str:
    return "".join(_words(text))


def _begin_in_order(wanted: list[str], known: list[str]) -> bool:
    rest = iter(known)
    return bool(wanted) and all(any(word.startswith(part) for word in rest) for part in wanted)


def changed_values(match: Match, types: Mapping[str, BlockType]) -> dict[str, Value]:
    """The typed values that are not the type's defaults."""
    type = types[match.type_id]
    return {
        id: value
        for id, value in match.parameters.items()
        if (declared := type.parameter(id)) is None or declared.default != value
    }


def default_values(type: BlockType) -> tuple[str, ...]:
    """The values of a type's second line as they are typed: `16 3`."""
    shown = shown_parameters(type)
    return tuple(
        _typed(parameter.default)
        for parameter in open_parameters(type)
        if parameter.id in shown and parameter.kind in ("integer", "float", "tuple") and parameter.default is not None
    )


def _typed(value: Value) -> str:
    if isinstance(value, tuple) and value and all(item == value[0] for item in value):
        return format_value(value[0])
    return format_value(value)
