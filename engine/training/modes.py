"""Eval mode, and how much is computed at once in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.compile.network import Network

EVALUATION_BATCH = 256


@contextmanager
def evaluating(network: Network) -> Iterator[None]:
    """The modules in eval mode; afterwards each as it was."""
    modes = [(module, module.training) for module in network.root.modules()]
    network.root.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
