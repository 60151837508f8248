"""What autograd keeps of a forward pass for the backward pass: training's memory, as PyTorch itself saves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from engine.graph.block_type import BlockType, Inputs, Parameters
from engine.graph.values import Plain, Value


class Kept(Plain, frozen=True):
    """Bytes a sample: `own` are of tensors that no wire carries, `ports` of inputs and outputs that are kept.

    `aliases` are outputs that are the memory of an input, by port. A tensor that several blocks keep is one.
    """

    own: int = 0
    ports: Mapping[str, int] = {}
    aliases: Mapping[str, str] = {}


_NOTHING_OWN: dict[tuple[Any, ...], Kept] = {}
"""What kinds of block keep that keep no tensors but those of their ports: that does not depend on any size.

Running a module as training does costs up to 2 ms without arithmetic, as PyTorch decomposes much of it in Python.
"""
_MOST_KINDS = 2_000
_PADDED = ("kernel_size", "dilation")
"""Whether these are even decides whether a convolution that keeps the picture's size keeps a padded copy of it.

One that strides never does.
"""


def remembered_kept(type: BlockType, parameters: Parameters, inputs: Inputs) -> Kept | None:
    """What a block of this kind keeps, its sizes those of another; None where it has to be run."""
    return _NOTHING_OWN.get(_kind(type, parameters, inputs))


def remember_kept(type: BlockType, parameters: Parameters, inputs: Inputs, kept: Kept) -> None:
    """Remember it for others of this kind, if sizes have no part in it."""
    if kept.own == 0 and "own_code" not in type.traits:
        if len(_NOTHING_OWN) >= _MOST_KINDS:
            _NOTHING_OWN.clear()
        _NOTHING_OWN[_kind(type, parameters, inputs)] = kept


def _kind(type: BlockType, parameters: Parameters, inputs: Inputs) -> tuple[Any, ...]:
    chosen = sorted(parameters.items())
    if type.family in ("convolution", "dense", "normalisation"):
        chosen = [
            (name, _odd(value) if name in _PADDED else value)
            for name, value in chosen
            if name in (*_PADDED, "stride") or not _is_size(value)
        ]
    return type.id, tuple(chosen), tuple((port, spec.rank, spec.dtype) for port, spec in sorted(inputs.items()))


def _odd(value: Value) -> Value:
    """Each size as 1 where it is odd, else 0."""
    if isinstance(value, tuple):
        return tuple(item % 2 if isinstance(item, int) else item for item in value)
    return value % 2 if isinstance(value, int) else value


def _is_size(value: Value) -> bool:
    if isinstance(value, tuple):
        return all(_is_size(item) for item in value)
    return isinstance(value, int) and not isinstance(value, bool)


def kept_by(
    module: nn.Module, inputs: Mapping[str, Tensor], outputs: tuple[str, ...], call: Callable[[], object], batch: int
) -> Kept:
    """Run `call`, the module on `inputs`, as training does, and tell what autograd saved of it.

    The hooks are of this thread alone, and fake tensors draw no random numbers.
    """
    saved: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    for tensor in inputs.values():
        if tensor.is_floating_point():
            tensor.requires_grad_()
    module.train()
    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        result = call()
    made = result if isinstance(result, (tuple, list)) else (result,)
    weights = {_memory(tensor) for tensor in (*module.parameters(), *module.buffers())}
    givers = {_memory(tensor): port for port, tensor in inputs.items()}
    ports, aliases = dict(givers), {}
    for port, tensor in zip(outputs, made, strict=False):
        place = _memory(tensor)
        if place in givers:
            aliases[port] = givers[place]
        else:
            ports[place] = port
    sizes = {_memory(tensor): tensor.untyped_storage().nbytes() // batch for tensor in saved}
    kept = {place: size for place, size in sizes.items() if place not in weights and size}
    return Kept(
        own=sum(size for place, size in kept.items() if place not in ports),
        ports={ports[place]: size for place, size in kept.items() if place in ports},
        aliases=aliases,
    )


def over_time(first: Kept, second: Kept, lengths: tuple[int, int], length: int) -> Kept:
    """What is kept at `length` steps, from what two other lengths kept; of what is kept at all a byte at least."""

    def at(one: int, two: int) -> int:
        return max(min(one, 1), one + (two - one) * (length - lengths[0]) // (lengths[1] - lengths[0]))

    ports = {port: at(size, second.ports.get(port, size)) for port, size in first.ports.items()}
    return Kept(at(first.own, second.own), ports, first.aliases)


def _memory(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
