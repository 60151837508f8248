"""Fixed filters: features made by hand, with nothing to learn."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class _FilterBank(nn.Module):
    """The same fixed filters over every channel; `weight` is filters×1×height×width, a buffer that is not saved."""

    weight: Tensor

    def __init__(self, filters: Tensor, stride: int, padding: str) -> None:
        super().__init__()
        self.stride = stride
        self.padding = padding
        self.register_buffer("weight", filters.unsqueeze(1), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W to N×(C · filters)×H′×W′, the answers to one channel beside each other."""
        planes = input.reshape(-1, 1, *input.shape[2:])
        answers = functional.conv2d(planes, self.weight, None, self.stride, self.padding)
        return answers.reshape(input.shape[0], -1, *answers.shape[2:])


class GaborBank(_FilterBank):
    """g(x, y) = exp(−(x′² + γ² y′²) / 2σ²) · cos(2π x′ / λ), turned to each orientation; sin for the odd ones.

    x′ = x cos θ + y sin θ, y′ = −x sin θ + y cos θ, θ = π k / orientations. Each filter has mean 0 and norm 1; with
    both phases an orientation gives its even filter, then its odd one.
    Daugman, Uncertainty relation for resolution in space, spatial frequency, and orientation, 1985.
    """

    def __init__(
        self,
        orientations: int = 4,
        wavelength: float = 4.0,
        sigma: float = 2.0,
        aspect: float = 0.5,
        kernel_size: int = 7,
        phase: Literal["even", "odd", "both"] = "even",
    ) -> None:
        offset = torch.arange(kernel_size, dtype=torch.float32) - (kernel_size - 1) / 2
        y, x = torch.meshgrid(offset, offset, indexing="ij")
        filters = []
        for number in range(orientations):
            angle = math.pi * number / orientations
            along = x * math.cos(angle) + y * math.sin(angle)
            across = y * math.cos(angle) - x * math.sin(angle)
            envelope = torch.exp(-(along.square() + (aspect * across).square()) / (2 * sigma**2))
            waves = {"even": torch.cos, "odd": torch.sin}
            for name, wave in waves.items():
                if phase in (name, "both"):
                    filters.append(_normalised(envelope * wave(2 * math.pi * along / wavelength)))
        super().__init__(torch.stack(filters), 1, "same")


def _normalised(filter: Tensor) -> Tensor:
    centred = filter - filter.mean()
    made: Tensor = centred / centred.norm().clamp_min(1e-12)
    return made


class HaarBank(_FilterBank):
    """Four square waves of a window: its sum, right − left, bottom − top, and the diagonal, each of norm 1.

    With a window and stride of 2 this is one level of the orthonormal Haar wavelet transform.
    Haar, Zur Theorie der orthogonalen Funktionensysteme, 1910; Mallat, A theory for multiresolution signal
    decomposition: the wavelet representation, 1989.
    """

    def __init__(self, size: int = 2, stride: int = 2) -> None:
        half = size // 2
        low = torch.ones(size)
        high = torch.cat((-torch.ones(half), torch.zeros(size - 2 * half), torch.ones(half)))
        low, high = low / low.norm(), high / high.norm().clamp_min(1.0)
        pairs = ((low, low), (low, high), (high, low), (high, high))
        super().__init__(torch.stack([torch.outer(rows, columns) for rows, columns in pairs]), stride, "valid")


class HoG(nn.Module):
    """Histograms of oriented gradients: votes of gradients by direction in cells, normalised over blocks of cells.

    Central differences give the gradient (zeros around the picture), of the channel where it is strongest; directions
    run over 0…180°, a vote is shared by the two nearest bins; a block is divided by √(‖v‖² + ε²), ε = 10⁻².
    Dalal and Triggs, Histograms of oriented gradients for human detection, 2005.
    """

    def __init__(self, bins: int = 9, cell_size: int = 4, block_size: int = 2) -> None:
        super().__init__()
        self.bins = bins
        self.cell_size = cell_size
        self.block_size = block_size

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W to N×(block_size² · bins)×blocks down×blocks across; in a block cell by cell, in reading order."""
        padded = functional.pad(input, (1, 1, 1, 1))
        across = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
        down = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
        strongest = (across.square() + down.square()).argmax(dim=1, keepdim=True)
        across, down = across.gather(1, strongest), down.gather(1, strongest)
        flat = across.square() + down.square() < 1e-12
        # No direction and no finite gradient where the picture is flat: such places vote with weight 0.
        across = torch.where(flat, 1.0, across)
        down = torch.where(flat, 0.0, down)
        strength = (across.square() + down.square()).sqrt().masked_fill(flat, 0.0)
        place = torch.remainder(torch.atan2(down, across) / math.pi, 1.0) * self.bins - 0.5
        centres = torch.arange(self.bins, device=input.device, dtype=input.dtype).reshape(1, -1, 1, 1)
        distance = (place - centres).abs()
        share = (1 - torch.minimum(distance, self.bins - distance)).clamp_min(0.0)
        cells = functional.avg_pool2d(share * strength, self.cell_size, divisor_override=1)
        size = self.block_size
        blocks = cells.unfold(2, size, 1).unfold(3, size, 1)
        blocks = blocks.permute(0, 4, 5, 1, 2, 3).flatten(1, 3)
        return blocks / (blocks.square().sum(dim=1, keepdim=True) + 1e-4).sqrt()
