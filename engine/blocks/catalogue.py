"""The whole catalogue of block types, by id, in the order of the palette."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.blocks import (
    activation,
    activation_axis,
    activation_more,
    containers,
    convolution,
    dense,
    embedding,
    energy,
    inputs,
    local,
    losses,
    merge,
    normalisation,
    pooling,
    recurrent,
    regularisation,
    sparsity,
)
from engine.graph.block_type import BlockType

_FILES = (
    inputs,
    losses,
    dense,
    embedding,
    local,
    convolution,
    pooling,
    normalisation,
    activation,
    activation_axis,
    activation_more,
    regularisation,
    sparsity,
    recurrent,
    merge,
    containers,
    energy,
)

BLOCK_TYPES: Mapping[str, BlockType] = MappingProxyType({type.id: type for file in _FILES for type in file.TYPES})

FAMILIES: tuple[tuple[str, str], ...] = (
    ("input", "Input and loss"),
    ("dense", "Dense"),
    ("convolution", "Convolution"),
    ("pooling", "Pooling"),
    ("normalisation", "Normalisation"),
    ("activation", "Activation"),
    ("regularisation", "Noise and dropout"),
    ("recurrent", "Recurrent"),
    ("attention", "Attention"),
    ("merge", "Merge and shape"),
    ("container", "Containers"),
    ("energy", "Energy"),
)
"""Families in the order of the palette; losses stand with the inputs, families without a block are not shown."""
