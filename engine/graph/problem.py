"""Problems: facts in, one sentence out. Nothing but this file and its table of sentences writes prose about faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from engine.graph.fix_words import FIX_DONE, FIX_LABELS
from engine.graph.graph import Path, PortRef
from engine.graph.sentences import SENTENCES
from engine.graph.tensor_spec import TensorSpec, told_apart
from engine.graph.values import Plain, Value, counted, format_value, printable

Severity = Literal["error", "warning", "advice"]
Fact = Value | TensorSpec


class Fix(Plain, frozen=True):
    """A repair on offer: a function of `edits.py` or `training/plan.py` by name, and its arguments.

    `new_blocks` ids are drawn by the document and passed as one tuple before the arguments.
    `body` is the path of the body to edit; `facts` fill the label; `key` is the letter that presses the button.
    """

    edit: str
    arguments: tuple[Value | PortRef, ...] = ()
    new_blocks: int = 0
    body: tuple[str, ...] = ()
    facts: Mapping[str, Fact] = {}
    key: str = ""

    @property
    def label(self) -> str:
        """What the button says: `Insert Flatten`."""
        return _written(FIX_LABELS[self.edit], self.facts)

    @property
    def done(self) -> str:
        """What is said once it is made: `Inserted Flatten`."""
        return _written(FIX_DONE[self.edit], self.facts)


class Problem(Plain, frozen=True):
    """One fault: a code of `sentences.py`, where it is, and the facts that its sentence tells.

    The facts `title` and `name` become `{block}`: `Dense "hidden"`.
    """

    code: str
    severity: Severity = "error"
    path: Path = ()
    port: str | None = None
    facts: Mapping[str, Fact] = {}
    fixes: tuple[Fix, ...] = ()

    @property
    def headline(self) -> str:
        """What is wrong, without a full stop."""
        return _written(SENTENCES[self.code][0], self._told)

    @property
    def advice(self) -> str:
        """How to mend it; may be empty."""
        return _written(SENTENCES[self.code][1], self._told)

    @property
    def sentence(self) -> str:
        """Where, what was expected, how to fix it."""
        advice = self.advice
        return f"{self.headline}. {advice}" if advice else f"{self.headline}."

    @property
    def _told(self) -> dict[str, Fact]:
        told = dict(self.facts) if self.port is None else {"port": self.port, **self.facts}
        specs = {key: fact for key, fact in told.items() if isinstance(fact, TensorSpec)}
        told |= zip(specs, told_apart(*specs.values()), strict=True)
        if "title" in told:
            told["block"] = block_words(str(told["title"]), str(told.get("name", told["title"])))
        return told


class Refused(ValueError):
    """The user's mistake: carries the Problem that says what, where and how to mend it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem.sentence


def refused(code: str, path: Path = (), port: str | None = None, fixes: tuple[Fix, ...] = (), **facts: Fact) -> Refused:
    """A Refused ready to raise: `raise refused("file-missing", file="net.loom")`."""
    return Refused(Problem(code=code, path=path, port=port, fixes=fixes, facts=facts))


def fault_words(fault: Exception) -> str:
    """The first line of what an exception says; its kind where it says nothing."""
    lines = str(fault).strip().splitlines()
    return lines[0] if lines else type(fault).__name__


def tell_of_blank(problems: Iterable[Problem]) -> bool:
    """Whether problems tell of a blank drawing: an analysis has `empty` for `Graph.is_blank`, the plan may add more."""
    return any(problem.code == "empty" for problem in problems)


def block_words(title: str, name: str) -> str:
    """How a sentence speaks of a block: `Dense "hidden"`, or only `Dense` where the name says no more."""
    return title if name.casefold() == title.casefold() else f"{title} “{name}”"


def _written(template: str, facts: Mapping[str, Fact]) -> str:
    words = {
        key: str(fact) if isinstance(fact, TensorSpec) else _number(fact) if _is_whole(fact) else format_value(fact)
        for key, fact in facts.items()
    }
    return template.format_map(_Told({key: _Word(printable(word)) for key, word in words.items()}))


def _is_whole(fact: Fact) -> bool:
    return isinstance(fact, int) and not isinstance(fact, bool)


def _number(fact: Fact) -> str:
    assert isinstance(fact, int)
    return f"{fact:,}".replace(",", "\u2009") if abs(fact) >= 10_000 else str(fact)


class _Word(str):
    """A fact in a sentence; `{rows:samples}` writes what it counts behind it, `1 sample`."""

    def __format__(self, several: str) -> str:
        return counted(self, several) if several else str(self)


class _Told(dict[str, _Word]):
    def __missing__(self, key: str) -> _Word:
        return _Word("?")
