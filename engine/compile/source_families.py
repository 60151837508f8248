"""Bodies that differ only in numbers share one class, which takes these numbers as arguments."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from engine.compile.source_names import unused
from engine.compile.source_text import WIDTH, bracketed, call
from engine.graph.graph import Path

MOST_ARGUMENTS = 8
"""A class that would need more is written once for each set of numbers."""
_WHOLE = re.compile(r"(\w+)=(\d+)")
_INDENT = 8


class Number(NamedTuple):
    """A whole number that a constructor is given: its keyword, and the attribute that is constructed."""

    keyword: str
    value: int
    attribute: str

    @property
    def about(self) -> str:
        """What is counted: `channels` where the keyword is `in_channels`."""
        return self.keyword.partition("_")[2] if self.keyword.startswith(("in_", "out_", "num_")) else self.keyword


class Construction(NamedTuple):
    """A line that makes a module: `self.norm = nn.BatchNorm2d(` and its arguments."""

    before: str
    arguments: tuple[str | Number, ...]


class Part(NamedTuple):
    """A line that makes one module of a body written as a class, or a list of several: `self.blocks = ` and these."""

    attribute: str
    bodies: tuple[Written, ...]
    is_list: bool

    @property
    def alike(self) -> bool:
        """Whether a list holds several of the same."""
        first = self.bodies[0]
        same = all(body.family is first.family and body.all_numbers() == first.all_numbers() for body in self.bodies)
        return self.is_list and same


class Signature(NamedTuple):
    """The first line of `__init__`."""


Line = str | Construction | Part | Signature
Piece = tuple[Sequence[Line], tuple[str, ...]]
"""Some lines, and the blocks they belong to."""
Mark = tuple[str, int, int]
"""A block of the body, and the first and last line of the class that speak of it."""


class ClassText(msgspec.Struct, frozen=True, eq=False):
    """A class as lines, and by the path of each body that it stands for which lines belong to which block."""

    name: str
    lines: tuple[str, ...]
    marks: Mapping[Path, tuple[Mark, ...]]


@dataclass(eq=False)
class Written:
    """A body as the lines of a class, their numbers still open; `kind` is what it is if it has no name to share."""

    path: Path
    title: str
    kind: str
    pieces: Sequence[Piece]
    family: Family | None = None

    def lines(self) -> Iterator[Line]:
        """All lines, those of a construction as one."""
        for lines, _ in self.pieces:
            yield from lines

    def parts(self) -> Iterator[Part]:
        """The bodies inside."""
        return (line for line in self.lines() if isinstance(line, Part))

    @property
    def height(self) -> int:
        """How deep the bodies inside are nested."""
        return 1 + max((body.height for part in self.parts() for body in part.bodies), default=-1)

    def all_numbers(self) -> tuple[int, ...]:
        """The numbers of the body and of those inside."""
        found: list[int] = []
        for line in self.lines():
            if isinstance(line, Construction):
                found += [argument.value for argument in line.arguments if isinstance(argument, Number)]
            elif isinstance(line, Part):
                found += [number for body in line.bodies for number in (len(line.bodies), *body.all_numbers())]
        return tuple(found)

    def shape(self) -> tuple[object, ...]:
        """All that the body's class says beside numbers; the bodies inside have their families."""
        return tuple(self._shape(line) for line in self.lines())

    def _shape(self, line: Line) -> object:
        if isinstance(line, Construction):
            named = (argument.keyword if isinstance(argument, Number) else argument for argument in line.arguments)
            return (line.before, *named)
        if isinstance(line, Part):
            inside = (line.bodies[0].family,) if line.alike else tuple(body.family for body in line.bodies)
            return (line.attribute, line.is_list, line.alike, *inside)
        return line

    def numbers(self) -> list[Number]:
        """The numbers that the class itself writes, in its order; for a body inside those that its class takes."""
        found: list[Number] = []
        for line in self.lines():
            if isinstance(line, Construction):
                found += [argument for argument in line.arguments if isinstance(argument, Number)]
            elif isinstance(line, Part):
                for body in line.bodies[:1] if line.alike else line.bodies:
                    assert body.family is not None
                    given = zip(body.family.arguments, body.family.given(body), strict=True)
                    found += [Number(name, value, line.attribute) for name, value in given]
                if line.alike:
                    found.append(Number("depth", len(line.bodies), line.attribute))
        return found


@dataclass(eq=False)
class Family:
    """Bodies that share a class; `places` tells for each of their numbers which argument it is, or None."""

    members: list[Written]
    arguments: tuple[str, ...] = ()
    places: tuple[int | None, ...] = ()
    name: str = ""

    def given(self, member: Written) -> list[int]:
        """What a member's numbers are for the arguments of the class."""
        numbers = member.numbers()
        return [numbers[self.places.index(index)].value for index in range(len(self.arguments))]

    def text(self) -> ClassText:
        """The class, once its name and those of the classes it uses are known."""
        lines = [f"class {self.name}(nn.Module):"]
        spans: list[tuple[int, int]] = []
        values = iter(self._values(self.members[0]))
        for piece, _ in self.members[0].pieces:
            first = len(lines) + 1
            for line in piece:
                lines.extend(self._rendered(line, values))
            spans.append((first, len(lines)))
        marks = {
            member.path: tuple((id, *span) for (_, ids), span in zip(member.pieces, spans, strict=True) for id in ids)
            for member in self.members
        }
        return ClassText(self.name, tuple(lines), marks)

    def _values(self, member: Written) -> list[str]:
        """For each number of a member how the class writes it: as an argument or as it is."""
        return [
            str(number.value) if place is None else self.arguments[place]
            for number, place in zip(member.numbers(), self.places, strict=True)
        ]

    def _rendered(self, line: Line, values: Iterator[str]) -> list[str]:
        if isinstance(line, Signature):
            given = ["self", *(f"{argument}: int" for argument in self.arguments)]
            return bracketed("def __init__(", given, ") -> None:", 4)
        if isinstance(line, Construction):
            given = [
                f"{argument.keyword}={next(values)}" if isinstance(argument, Number) else argument
                for argument in line.arguments
            ]
            return call(line.before, given, indent=_INDENT)
        if isinstance(line, Part):
            name = f"self.{line.attribute} = "
            made = []
            for body in line.bodies[:1] if line.alike else line.bodies:
                assert body.family is not None
                taken = [f"{argument}={next(values)}" for argument in body.family.arguments]
                made.append((body.family.name, taken))
            if not line.is_list:
                return call(f"{name}{made[0][0]}", made[0][1], indent=_INDENT)
            calls = [f"{cls}({', '.join(taken)})" for cls, taken in made]
            if line.alike:
                return generated(f"{name}nn.ModuleList", *made[0], f"for _ in range({next(values)})")
            whole = call(f"{name}nn.ModuleList", [f"[{', '.join(calls)}]"], indent=_INDENT)
            if len(whole) == 1:
                return whole
            return [whole[0], *bracketed("[", calls, "]", _INDENT + 4), whole[-1]]
        return [line]


def generated(before: str, cls: str, arguments: Sequence[str], loop: str) -> list[str]:
    """`before(cls(arguments) loop)`, broken where the line is too long: at the loop first, then at the arguments."""
    margin = " " * _INDENT
    made = f"{cls}({', '.join(arguments)})"
    for lines in (
        [f"{margin}{before}({made} {loop})"],
        [f"{margin}{before}(", f"{margin}    {made} {loop}", f"{margin})"],
        [f"{margin}{before}(", *call(f"    {cls}", arguments, indent=_INDENT), f"{margin}    {loop}", f"{margin})"],
    ):
        if max(map(len, lines)) <= WIDTH:
            break
    return lines


def open_numbers(arguments: Iterable[str], attribute: str) -> tuple[str | Number, ...]:
    """Constructor arguments, those that are whole numbers as such."""
    found: list[str | Number] = []
    for argument in arguments:
        whole = _WHOLE.fullmatch(argument)
        found.append(Number(whole[1], int(whole[2]), attribute) if whole else argument)
    return tuple(found)


def find_families(root: Written) -> list[Family]:
    """The families of all bodies inside `root`, each after those it uses; its members know it from now on."""
    levels: dict[int, list[Written]] = {}
    for body in _inside(root):
        levels.setdefault(body.height, []).append(body)
    for _, bodies in sorted(levels.items()):
        alike: dict[tuple[object, ...], list[Written]] = {}
        for body in bodies:
            alike.setdefault(body.shape(), []).append(body)
        for members in alike.values():
            settle(members)
    found: dict[Family, None] = {}
    for body in _inside(root):
        assert body.family is not None
        found.setdefault(body.family)
    return list(found)


def _inside(body: Written) -> Iterator[Written]:
    """The bodies inside, innermost first."""
    for part in body.parts():
        for inner in part.bodies:
            yield from _inside(inner)
            yield inner


def settle(members: list[Written]) -> list[Family]:
    """One family for bodies of one shape, or where that takes too many arguments one for each set of numbers."""
    columns = list(zip(*(member.numbers() for member in members), strict=True))
    varying: dict[tuple[int, ...], list[Number]] = {}
    for column in columns:
        if len(_values_of(column)) > 1:
            varying.setdefault(tuple(number.value for number in column), []).append(column[0])
    if len(varying) > MOST_ARGUMENTS:
        same: dict[tuple[int, ...], list[Written]] = {}
        for member in members:
            same.setdefault(member.all_numbers(), []).append(member)
        return [family for equal in same.values() for family in settle(equal)]
    order = {values: index for index, values in enumerate(varying)}
    family = Family(
        members,
        arguments=tuple(_argument_names(list(varying.values()))),
        places=tuple(order.get(tuple(number.value for number in column)) for column in columns),
    )
    for member in members:
        member.family = family
    return [family]


def _values_of(column: Sequence[Number]) -> set[int]:
    return {number.value for number in column}


def _argument_names(found: list[list[Number]]) -> list[str]:
    """A name for each argument, by the numbers that it stands for."""
    wanted = [_argument_name(numbers) for numbers in found]
    taken = {"self", "nn", "torch"}
    names: list[str] = []
    for name, numbers in zip(wanted, found, strict=True):
        is_shared = wanted.count(name) > 1 or (name.startswith("out_") and numbers[0].about in wanted)
        name = unused(f"{numbers[0].attribute}_{numbers[0].about}" if is_shared else name, taken)
        taken.add(name)
        names.append(name)
    return names


def _argument_name(numbers: list[Number]) -> str:
    keywords = [number.keyword for number in numbers]
    both = keywords[0].startswith("in_") and any(keyword.startswith("out_") for keyword in keywords)
    return numbers[0].about if both else keywords[0]


def family_title(family: Family) -> str:
    """What its members' names begin with alike, or what kind of block they are."""
    titles = [member.title for member in family.members]
    if len(set(titles)) == 1:
        return titles[0]
    common = os.path.commonprefix(titles)
    if any(len(title) > len(common) and title[len(common)].isalpha() and common[-1:].isalpha() for title in titles):
        common = common.rpartition(" ")[0]
    return common.rstrip("0123456789 -_.") or family.members[0].kind
