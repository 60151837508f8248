"""What is known about the blocks of one body: shapes, problems, previews and losses, by block id."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QImage

from engine.graph.analysis import Analysis, path_key, port_key
from engine.graph.graph import PortRef
from engine.graph.paths import BodyPath
from engine.graph.problem import Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.block_parts import LossCurve
from graph_editor.document import Document


class Annotations:
    """Set by the scene, asked by the scene; `read` sorts the problems anew for the body at `path`."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.path: BodyPath = ()
        self.analysis = Analysis()
        self.previews: Mapping[str, QImage] = {}
        self.losses: Mapping[str, tuple[str, tuple[float, ...]]] = {}
        self._problems: dict[str, list[Problem]] = {}

    def read(self, path: BodyPath, analysis: Analysis) -> None:
        """Speak of another body or another analysis."""
        self.path, self.analysis = path, analysis
        self._problems = {}
        depth = len(path)
        for problem in analysis.problems:
            ids = tuple(step for step in problem.path if isinstance(step, str))
            if len(ids) > depth and ids[:depth] == path:
                self._problems.setdefault(ids[depth], []).append(problem)

    def take(self, analysis: Analysis) -> set[str]:
        """Speak of another analysis; the ids of those of which it knows other shapes or problems, here or gone."""
        shapes, problems = self.analysis.specs, self._problems
        self.read(self.path, analysis)
        other = {id for id in problems.keys() | self._problems.keys() if problems.get(id) != self._problems.get(id)}
        start = self.key("")
        for key in shapes.keys() | analysis.specs.keys():
            if shapes.get(key) != analysis.specs.get(key) and key.startswith(start):
                id, _, port = key.removeprefix(start).partition("/")
                # What is inside a container leaves none of its own ports.
                if "/" not in port:
                    other.add(id)
        return other

    def key(self, id: str) -> str:
        """The key of a block of this body."""
        return path_key((*self.path, id))

    def spec(self, source: PortRef) -> TensorSpec | None:
        """What leaves an output port; of labels that no analysis knows yet, what their Input promises."""
        known = self.analysis.specs.get(port_key((*self.path, source.block), source.port))
        # Inputs stand at the root.
        return known if known is not None or self.path else self._promised(source)

    def _promised(self, source: PortRef) -> TensorSpec | None:
        block = self._document.graph.blocks.get(source.block)
        type = self._document.types.get(block.type) if block is not None else None
        if block is None or type is None or type.role != "input":
            return None
        declared = type.parameter("fields")
        fields = block.parameters.get("fields", declared.default if declared is not None else ())
        for text in fields if isinstance(fields, tuple) else ():
            name, _, promise = str(text).partition(":")
            if name.strip() == source.port and promise.strip().endswith("classes"):
                return TensorSpec(shape=(Dim("N"),), dtype="int64")
        return None

    def preview(self, id: str) -> QImage | None:
        """The picture of a block."""
        return self.previews.get(self.key(id))

    def loss(self, id: str) -> LossCurve:
        """The value and curve of a loss; empty before the first run."""
        return LossCurve(*self.losses.get(self.key(id), ("", ())))

    def problems(self, id: str) -> tuple[Problem, ...]:
        """The problems at a block or inside it."""
        return tuple(self._problems.get(id, ()))

    def severity(self, id: str) -> str:
        """ "error" or "warning", the worst at a block or inside it; "" where there is nothing worse than advice."""
        severities = {problem.severity for problem in self._problems.get(id, ())}
        return "error" if "error" in severities else "warning" if "warning" in severities else ""

    def faulty_ports(self, id: str) -> frozenset[str]:
        """The ports that errors speak of."""
        return frozenset(
            problem.port
            for problem in self._problems.get(id, ())
            if problem.severity == "error" and problem.port is not None
        )
