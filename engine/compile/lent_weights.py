"""Shared weights under the names of all who use them: what each goes on with once they are its own."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

Lent = Mapping[str, tuple[str, bool]]
"""By the id path of each block that uses another's weights, the path of the owner, and whether it turns them round."""


def with_lent(state: Mapping[str, Tensor], lent: Lent) -> dict[str, Tensor]:
    """`state`, by "path.name", with what blocks use of others under their own paths too; no tensor is copied.

    After the owner is deleted or the sharing ends these are the weights that fit the block.
    """
    found = dict(state)
    by_owner: dict[str, list[tuple[str, bool]]] = {}
    for path, (owner, transposed) in lent.items():
        by_owner.setdefault(owner, []).append((path, transposed))
    for key, tensor in state.items():
        owner, _, name = key.partition(".")
        for path, transposed in by_owner.get(owner, ()):
            if not transposed:
                found[f"{path}.{name}"] = tensor
            elif name == "weight":
                # A transposed convolution keeps its weight as the convolution that it undoes does.
                found[f"{path}.{name}"] = tensor.t() if tensor.dim() == 2 else tensor
    return found
