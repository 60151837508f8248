"""Contrastive divergence on a convolutional RBM with probabilistic max pooling."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.modules.energy import ConvRBM
from engine.training.boltzmann import MapMachine
from engine.training.plan import ContrastiveDivergence


class PooledMapMachine(MapMachine):
    """A convolutional RBM in which at most one unit is on in each block of pool×pool units of a map.

    Only p(h | v) and its samples differ: a block is drawn as a whole, among as many states as it has units and one with
    none of them on. Lee et al., Convolutional deep belief networks, 2009.
    """

    def __init__(self, module: ConvRBM, stage: ContrastiveDivergence) -> None:
        super().__init__(module, stage)
        self._module = module

    def _hidden(self, visible: Tensor) -> Tensor:
        return self._module.hidden_given_visible(visible)

    def _sample(self, hidden: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return sample_blocks(hidden, self._module.pool, generator)


def sample_blocks(chances: Tensor, pool: int, generator: torch.Generator | None = None) -> Tensor:
    """At most one unit on in each block: chances N×maps×H×W, of a block 1 together at most, to 0 and 1 as many.

    One number in 0…1 a block says where among its summed chances it falls; beyond them no unit is on.
    """
    blocks = torch.unflatten(functional.pixel_unshuffle(chances, pool), 1, (-1, pool**2))
    drawn = torch.empty_like(blocks[:, :, :1]).uniform_(generator=generator)
    reached = (drawn < blocks.cumsum(dim=2)).to(chances.dtype)
    first = reached.diff(dim=2, prepend=torch.zeros_like(drawn))
    return functional.pixel_shuffle(first.flatten(1, 2), pool)
