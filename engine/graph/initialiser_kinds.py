"""The ways in which a weight may start, as data; `engine.compile.initialisers` carries them out."""

from __future__ import annotations

from engine.graph.values import Plain


class InitialiserKind(Plain, frozen=True):
    """A way to start: `id` as an Initialiser names it, and the one argument it takes, if any."""

    id: str
    title: str
    argument: str = ""
    label: str = ""
    default: float = 0.0


INITIALISER_KINDS: tuple[InitialiserKind, ...] = (
    InitialiserKind("he-normal", "He normal"),
    InitialiserKind("he-uniform", "He uniform"),
    InitialiserKind("glorot-normal", "Glorot normal"),
    InitialiserKind("glorot-uniform", "Glorot uniform"),
    InitialiserKind("lecun-normal", "LeCun normal"),
    InitialiserKind("lecun-uniform", "LeCun uniform"),
    InitialiserKind("inverse-root", "Uniform ±1/√n"),
    InitialiserKind("normal", "Normal", "std", "Deviation", 0.01),
    InitialiserKind("uniform", "Uniform", "bound", "Bound", 0.1),
    InitialiserKind("orthogonal", "Orthogonal"),
    InitialiserKind("identity", "Identity"),
    InitialiserKind("sparse", "Sparse", "sparsity", "Share of zeros", 0.9),
    InitialiserKind("constant", "Constant", "value", "Value", 0.0),
    InitialiserKind("zeros", "Zeros"),
)
