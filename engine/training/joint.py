"""Forward and backward of a plain network as one list of operations, without a graph for autograd at every step.

A step of a small network is mostly bookkeeping: of 784-128-10 a twelfth, of 64-32-10 a third.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.modules import losses
from engine.training.backward import run_engine
from engine.training.pooled_convolutions import pooled
from engine.training.whole_convolutions import convolved

_AFTER_STEPS = 8
"""The first steps go the ordinary way: recording takes as long as ten of them."""
_LARGE_BYTES = 128 << 20
"""A step that makes more has little to gain, and recording keeps all of it."""
_PLAIN = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.Flatten,
    nn.ReLU,
    nn.LeakyReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softmax,
    nn.LayerNorm,
    nn.MSELoss,
    losses.CrossEntropy,
    losses.BinaryCrossEntropy,
    losses.ReconstructionCrossEntropy,
)
"""Neither random nor with a memory, and the same operations at every step."""
_ARITHMETIC = (operator.add, operator.mul, operator.getitem, convolved, pooled)
_ALIASES = (torch.ops.aten.detach.default, torch.ops.aten.alias.default)

_OTHER_DEFAULTS = frozenset({"binary_cross_entropy_with_logits"})
"""What torch's own function gives unreduced, where the operation takes the mean."""

Result = tuple[Tensor, tuple[Tensor, ...], tuple[Tensor | None, ...]]


class TooLarge(Exception):
    """The step makes more than is kept while it is recorded."""


class Joint:
    """Steps of one network with batches of one shape; the numbers are those of autograd, to the bit.

    What a step does is recorded once, and only used if it gives the same on another batch. Batches of another shape,
    all other networks and whatever fails are left to autograd.
    """

    def __init__(self, module: fx.GraphModule) -> None:
        self._forward = module.forward
        self._parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self._live = [parameter.detach() for parameter in self._parameters]
        self._wait = _AFTER_STEPS if _is_plain(module) else -1
        self._shapes: list[torch.Size] = []
        self._run: Callable[..., Any] | None = None

    def __call__(self, batch: tuple[Tensor, ...]) -> Result | None:
        """What `forward` gives, all gradients set; None where autograd has to do it."""
        if self._run is None:
            if self._wait < 0:
                return None
            self._prepare(batch)
        if self._run is None or [field.shape for field in batch] != self._shapes:
            return None
        try:
            total, parts, predictions, gradients = self._run(*batch, *self._live)
        except Exception:  # noqa: BLE001 -- autograd's way meets the same fault, and names the block
            self._run, self._wait = None, -1
            return None
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        return total, parts, predictions

    def _prepare(self, batch: tuple[Tensor, ...]) -> None:
        before, self._shapes = self._shapes, [field.shape for field in batch]
        if self._wait > 0:
            self._wait -= 1
            return
        # The short last batch of an epoch: only the last of the next will have its shape
        if before and self._shapes[0][0] < before[0][0]:
            return
        self._wait = -1
        try:
            run = recorded(self._forward, self._parameters, [_turned(field) for field in batch])
            found = run(*batch, *self._live)
            expected = _by_autograd(self._forward, self._parameters, batch)
        except Exception:  # noqa: BLE001 -- what cannot be recorded goes the ordinary way
            return
        if _same(found, expected):
            self._run = run


def recorded(forward: Callable[..., Any], parameters: Sequence[Tensor], batch: Sequence[Tensor]) -> Callable[..., Any]:
    """A function of the fields of a batch and the parameters, in one row: what `forward` gives, then the gradients.

    Raises TooLarge.
    """
    with _Tape() as tape:
        result = _by_autograd(forward, parameters, batch)
    graph, root = fx.Graph(), nn.Module()
    nodes = {id(tensor): graph.placeholder(f"given{place}") for place, tensor in enumerate((*batch, *parameters))}

    def node(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) not in nodes:
            name = f"constant{len(nodes)}"
            root.register_buffer(name, value)
            nodes[id(value)] = graph.get_attr(name)
        return nodes[id(value)]

    for function, arguments, options, out in tape.calls:
        if function in _ALIASES:
            nodes[id(out)] = node(arguments[0])
            continue
        taken = fx.node.map_aggregate(arguments, node), fx.node.map_aggregate(options, node)
        made = graph.create_node(*_called(function, options), *taken)
        if isinstance(out, Tensor):
            nodes[id(out)] = made
        else:
            for place, part in enumerate(out):
                nodes[id(part)] = graph.call_function(operator.getitem, (made, place))
    graph.output(fx.node.map_aggregate(result, node))
    graph.eliminate_dead_code()
    # The tape, its mode and the frame hang in a ring: what was made would stay until it is collected.
    tape.calls.clear()
    found: Callable[..., Any] = fx.GraphModule(root, graph).forward
    return found


class _Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keeps every operation that the thread calls, with what it was given and gave."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self._bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        options = dict(kwargs or {})
        out = func(*args, **options)
        self.calls.append((func, args, options, out))
        made = out if isinstance(out, tuple) else (out,)
        self._bytes += sum(part.nbytes for part in made if isinstance(part, Tensor))
        if self._bytes > _LARGE_BYTES:
            raise TooLarge
        return out


def _turned(field: Tensor) -> Tensor:
    """The same rows in another order, in memory as before."""
    return torch.empty_strided(field.shape, field.stride(), dtype=field.dtype).copy_(field.roll(1, 0))


def _by_autograd(forward: Callable[..., Any], parameters: Sequence[Tensor], batch: Sequence[Tensor]) -> Any:
    total, parts, predictions = forward(*batch)
    seed = torch.ones_like(total)
    gradients = run_engine(
        (total,), (seed,), False, False, tuple(parameters), allow_unreachable=False, accumulate_grad=False
    )
    # Convolutions give some with their channels last; autograd, too, lays them out as their parameters are
    return total, tuple(parts), tuple(predictions), tuple(gradient.contiguous() for gradient in gradients)


def _called(function: Any, options: Mapping[str, Any]) -> tuple[str, Any]:
    """How fx calls an operation: by torch's own function where there is one, which is found twice as fast."""
    name = function.overloadpacket.__name__
    if name == "view":
        return "call_method", name
    alike = not options and name not in _OTHER_DEFAULTS and not function._schema.is_mutable
    quick = getattr(torch._C._VariableFunctions, name, None) if alike else None
    return "call_function", quick if quick is not None else function


def _is_plain(module: fx.GraphModule) -> bool:
    """Whether it calls nothing but plain modules, on a CPU."""
    for node in module.graph.nodes:
        if node.op == "get_attr" and type(operator.attrgetter(node.target)(module)) not in _PLAIN:
            return False
        if node.op == "call_module" or (node.op == "call_function" and node.target not in _ARITHMETIC):
            return False
    return all(parameter.device.type == "cpu" and parameter.is_contiguous() for parameter in module.parameters())


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, Tensor):
        return isinstance(found, Tensor) and found.dtype == expected.dtype and torch.equal(found, expected)
    if isinstance(expected, tuple):
        return len(found) == len(expected) and all(map(_same, found, expected))
    return bool(found is expected)
