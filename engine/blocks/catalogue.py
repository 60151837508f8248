"""The whole catalogue of block types, by id, in the order of the palette."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.blocks import (
    activation,
    activation_axis,
    activation_more,
    arithmetic,
    comparison,
    containers,
    containers_drawn,
    containers_gated,
    convolution,
    convolution_factored,
    convolution_transposed,
    dense,
    embedding,
    energy,
    filter_banks,
    inputs,
    local,
    losses,
    losses_more,
    losses_pairs,
    merge,
    normalisation,
    normalisation_sample,
    normalised_weights,
    picture_shape,
    pooling,
    pooling_adaptive,
    recurrent,
    recurrent_cells,
    regularisation,
    shape,
    sources,
    sparsity,
    upsampling,
)
from engine.graph.block_type import BlockType

_FILES = (
    inputs,
    sources,
    losses,
    losses_more,
    losses_pairs,
    dense,
    embedding,
    local,
    convolution,
    convolution_transposed,
    convolution_factored,
    filter_banks,
    pooling,
    pooling_adaptive,
    upsampling,
    normalisation,
    normalisation_sample,
    normalised_weights,
    activation,
    activation_axis,
    activation_more,
    regularisation,
    sparsity,
    recurrent,
    recurrent_cells,
    merge,
    arithmetic,
    comparison,
    shape,
    picture_shape,
    containers,
    containers_gated,
    containers_drawn,
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
