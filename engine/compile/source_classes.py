"""Writes one class for each body: containers become classes, those that differ only in numbers share theirs."""

from __future__ import annotations

from collections.abc import Mapping

from engine.compile.source_body import Body, Context
from engine.compile.source_families import ClassText, Piece, Written, family_title, find_families, settle
from engine.compile.source_names import class_name
from engine.compile.source_parts import BodyPlan, Owner, Plan
from engine.compile.source_text import docstring
from engine.graph.block_type import BlockType

ONE_COPY = "One of several copies, each with weights of its own, fed by the one before."


class ClassWriter:
    """Writes the classes of one plan; `own` are the names of our modules in the source, `taken` names not to use."""

    def __init__(self, plan: Plan, own: Mapping[str, str], taken: set[str]) -> None:
        self._plan, self._taken = plan, taken
        self._context = Context(plan, own)
        self.imports = self._context.imports

    def write(self, title: str, about: str) -> tuple[ClassText, ...]:
        """All classes, each after those it uses, the root's last."""
        name = class_name(title, self._taken, "Network")
        root = self._written(self._plan.root, title, title, about)
        families = find_families(root)
        for family in families:
            family.name = class_name(family_title(family), self._taken)
        whole = settle([root])[0]
        whole.name = name
        return tuple(family.text() for family in (*families, whole))

    def expression(self, type: BlockType) -> str:
        """The class of a block's module, imported or written out in the file."""
        return self._context.expression(type)

    def _written(self, plan: BodyPlan, title: str, kind: str, purpose: str) -> Written:
        """The class of a body without its first line."""
        body = Body(self._context, plan, self._children(plan))
        pieces: list[Piece] = [(docstring(purpose, 4), ())]
        for method in (body.constructor(), body.forward()):
            if method:
                pieces += [([""], ()), *method]
        return Written(plan.path, title, kind, pieces)

    def _children(self, plan: BodyPlan) -> dict[str, tuple[Written, ...]]:
        """The bodies of the containers of a body, by the container's id; a Repeat has one for each copy."""
        found: dict[str, tuple[Written, ...]] = {}
        for step in plan.steps:
            block, type = step.record.block, step.type
            if step.inner is not None and block.id not in found:
                bodies = self._plan.bodies[Owner(plan.path, block.id)]
                purpose = ONE_COPY if step.record.copies else type.purpose
                found[block.id] = tuple(self._written(body, block.name, type.title, purpose) for body in bodies)
        return found
