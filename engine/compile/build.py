"""Builds real modules: each block's weights come from its own (seed, instance path) and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from engine.compile.initialisers import initialise
from engine.compile.probing import construct
from engine.compile.program import Call


def build_module(call: Call, seed: int) -> nn.Module:
    """The module of `call` on the CPU, with the weights that `seed` and its path give."""
    with _own_random_state(seed, call.key):
        module = construct(call.type, call.parameters, call.inputs)
        for name, initialiser in call.block.learning.initialisers.items():
            weight = dict(module.named_parameters()).get(name)
            if weight is not None:
                initialise(weight, initialiser)
    if call.block.learning.frozen:
        module.requires_grad_(False)
    return module


@contextmanager
def _own_random_state(seed: int, key: str) -> Iterator[None]:
    """Inside, PyTorch's CPU generator starts from (seed, key); afterwards it goes on as if nothing had been drawn."""
    generator = torch.default_generator
    state = generator.get_state()
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    generator.manual_seed(int.from_bytes(digest, "little") >> 1)
    try:
        yield
    finally:
        generator.set_state(state)
