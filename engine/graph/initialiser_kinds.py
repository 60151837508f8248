"""The ways in which a weight may start, as data; `engine.compile.initialisers` carries them out."""

from __future__ import annotations

from engine.graph.values import Plain, is_finite


class InitialiserKind(Plain, frozen=True):
    """A way to start: `id` as an Initialiser names it, and the one argument it takes, if any, with its bounds."""

    id: str
    title: str
    argument: str = ""
    label: str = ""
    default: float = 0.0
    minimum: float | None = None
    maximum: float | None = None

    def takes(self, value: float) -> bool:
        """Whether the argument may be `value`."""
        return (
            is_finite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
        )

    @property
    def range_words(self) -> str:
        """What the argument may be: `0 to 1`, `0 or more`, `any number`."""
        if self.minimum is None:
            return "any number"
        return f"{self.minimum:g} or more" if self.maximum is None else f"{self.minimum:g} to {self.maximum:g}"


INITIALISER_KINDS: tuple[InitialiserKind, ...] = (
    InitialiserKind("he-normal", "He normal"),
    InitialiserKind("he-uniform", "He uniform"),
    InitialiserKind("glorot-normal", "Glorot normal"),
    InitialiserKind("glorot-uniform", "Glorot uniform"),
    InitialiserKind("lecun-normal", "LeCun normal"),
    InitialiserKind("lecun-uniform", "LeCun uniform"),
    InitialiserKind("inverse-root", "Uniform ±1/√n"),
    InitialiserKind("normal", "Normal", "std", "Deviation", 0.01, 0.0),
    InitialiserKind("uniform", "Uniform", "bound", "Bound", 0.1, 0.0),
    InitialiserKind("orthogonal", "Orthogonal"),
    InitialiserKind("identity", "Identity"),
    InitialiserKind("sparse", "Sparse", "sparsity", "Share of zeros", 0.9, 0.0, 1.0),
    InitialiserKind("constant", "Constant", "value", "Value", 0.0),
    InitialiserKind("zeros", "Zeros"),
)
