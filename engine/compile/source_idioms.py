"""Modules without weights that a person writes as an expression, to the same bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from engine.compile.source_text import Import, written
from engine.graph.values import Value


class Idiom(msgspec.Struct, frozen=True, eq=False):
    """`expression` takes the arguments of the call and those of the constructor."""

    expression: Callable[[Sequence[str], Mapping[str, Value]], str]
    needs: tuple[Import, ...] = ()


def _sum(inputs: Sequence[str], arguments: Mapping[str, Value]) -> str:
    return " + ".join(inputs)


def _difference(inputs: Sequence[str], arguments: Mapping[str, Value]) -> str:
    return f"{inputs[0]} - {inputs[1]}"


def _product(inputs: Sequence[str], arguments: Mapping[str, Value]) -> str:
    return " * ".join(inputs)


def _concat(inputs: Sequence[str], arguments: Mapping[str, Value]) -> str:
    return f"torch.cat(({', '.join(inputs)}), dim={written(arguments['dim'])})"


def _reshape(inputs: Sequence[str], arguments: Mapping[str, Value]) -> str:
    shape = arguments["shape"]
    lengths = shape if isinstance(shape, tuple) else (shape,)
    return f"{inputs[0]}.reshape({', '.join((f'{inputs[0]}.shape[0]', *map(written, lengths)))})"


def _global_average(inputs: Sequence[str], arguments: Mapping[str, Value]) -> str:
    return f"{inputs[0]}.mean(dim=(2, 3))"


IDIOMS: Mapping[str, Idiom] = {
    "engine.modules.merge:Add": Idiom(_sum),
    "engine.modules.arithmetic:Subtract": Idiom(_difference),
    "engine.modules.arithmetic:Multiply": Idiom(_product),
    "engine.modules.merge:Concat": Idiom(_concat, (("torch", ""),)),
    "engine.modules.merge:Reshape": Idiom(_reshape),
    "engine.modules.pooling:GlobalAvgPool2d": Idiom(_global_average),
}

_LOSS_FUNCTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "torch.nn:CrossEntropyLoss": ("cross_entropy", ("label_smoothing", "ignore_index", "reduction")),
    "engine.modules.losses:CrossEntropy": ("cross_entropy", ("label_smoothing",)),
    "torch.nn:NLLLoss": ("nll_loss", ("ignore_index", "reduction")),
    "torch.nn:MSELoss": ("mse_loss", ("reduction",)),
    "torch.nn:L1Loss": ("l1_loss", ("reduction",)),
    "torch.nn:HuberLoss": ("huber_loss", ("reduction", "delta")),
    "torch.nn:SmoothL1Loss": ("smooth_l1_loss", ("reduction", "beta")),
}


def loss_function(module: str, options: Sequence[str]) -> str | None:
    """The function of torch.nn.functional that a loss is, where it takes all `options`, written as `name=value`."""
    function, known = _LOSS_FUNCTIONS.get(module, (None, ()))
    return function if all(option.partition("=")[0] in known for option in options) else None
