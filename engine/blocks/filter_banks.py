"""Fixed filter banks: features made by hand."""

from __future__ import annotations

from collections.abc import Callable

from engine.blocks.shared import fits_window, one_to_one, pictures, same_arguments, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters


def _expect(window: Callable[[Parameters], int]) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        return pictures(inputs) or fits_window(parameters, inputs, (window(parameters),) * 2, (0, 0))

    return expect


def _bank(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    parameters: tuple[Parameter, ...],
    summary: tuple[str, ...],
    window: Callable[[Parameters], int],
) -> BlockType:
    return BlockType(
        id=id,
        family="convolution",
        title=title,
        aliases=("fixed filters", "hand-crafted features", *aliases),
        icon="ph.compass",
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=summary,
        module=f"engine.modules.filter_banks:{module}",
        ports=one_to_one,
        expect=_expect(window),
        arguments=same_arguments(*(parameter.id for parameter in parameters)),
    )


GABOR_FILTERS = _bank(
    "gabor_filters",
    "Gabor filters",
    "GaborBank",
    "Answers to edges and stripes of each direction by fixed filters, as simple cells of the visual cortex do.",
    "g = exp(−(x′² + γ² y′²) / 2σ²) cos(2π x′ / λ)",
    ("edges", "orientation"),
    (
        Parameter("orientations", "Orientations", "integer", 4, "How many directions between 0 and 180°.", 1, 360),
        Parameter("wavelength", "Wavelength λ", "float", 4.0, "The width of a stripe pair.", 0.1, 1000.0, unit="px"),
        Parameter("sigma", "Deviation σ", "float", 2.0, "The size of the window.", 0.1, 1000.0, unit="px"),
        Parameter("aspect", "Aspect γ", "float", 0.5, "Below 1 the filters are longer than wide.", 0.01, 100.0),
        Parameter("kernel_size", "Kernel size", "integer", 7, "Height and width of each filter.", 2, 1001, unit="px"),
        Parameter(
            "phase",
            "Phase",
            "choice",
            "even",
            "Even filters answer to stripes, odd ones to edges.",
            choices=("even", "odd", "both"),
        ),
    ),
    ("{orientations} orientations", "λ {wavelength}"),
    lambda parameters: 1,
)
HAAR_FILTERS = _bank(
    "haar_filters",
    "Haar filters",
    "HaarBank",
    "Compares the halves of each window: mean, left and right, top and bottom, diagonal.",
    "y = (1, 1)ᵀ(1, 1), (1, 1)ᵀ(−1, 1), (−1, 1)ᵀ(1, 1), (−1, 1)ᵀ(−1, 1), each ⋆ x",
    ("wavelet", "viola-jones"),
    (
        Parameter("size", "Window", "integer", 2, "Height and width of the window.", 2, 1000, unit="px"),
        Parameter("stride", "Stride", "integer", 2, "How far the window moves.", 1, 1000, unit="px"),
    ),
    ("window {size}",),
    lambda parameters: whole(parameters, "size"),
)
HOG = _bank(
    "hog",
    "HoG",
    "HoG",
    "Counts in each cell of the picture how strong the edges of each direction are.",
    "h[cell, bin] = Σ ‖∇x‖ where ∇x points to the bin, each block / √(‖v‖² + ε²)",
    ("histogram of oriented gradients", "dalal-triggs"),
    (
        Parameter("bins", "Directions", "integer", 9, "How many directions between 0 and 180°.", 2, 360),
        Parameter("cell_size", "Cell", "integer", 4, "Height and width of a cell.", 1, 1000, unit="px"),
        Parameter(
            "block_size",
            "Block",
            "integer",
            2,
            "Cells across and down that are normalised together.",
            1,
            100,
            unit="cells",
        ),
    ),
    ("{bins} directions", "cells of {cell_size}"),
    lambda parameters: whole(parameters, "cell_size") * whole(parameters, "block_size"),
)

TYPES = (GABOR_FILTERS, HAAR_FILTERS, HOG)
