from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.modules.filter_banks import GaborBank, HaarBank, HoG


def test_gabor_filters_follow_their_formula() -> None:
    bank = GaborBank(orientations=3, wavelength=3.0, sigma=1.5, aspect=0.7, kernel_size=5, phase="both")
    assert bank.weight.shape == (6, 1, 5, 5)
    for number, wave in ((0, math.cos), (1, math.sin)):
        angle = math.pi * 2 / 3
        expected = np.zeros((5, 5))
        for row in range(5):
            for column in range(5):
                x, y = column - 2, row - 2
                along = x * math.cos(angle) + y * math.sin(angle)
                across = -x * math.sin(angle) + y * math.cos(angle)
                envelope = math.exp(-(along**2 + 0.7**2 * across**2) / (2 * 1.5**2))
                expected[row, column] = envelope * wave(2 * math.pi * along / 3.0)
        expected -= expected.mean()
        expected /= np.linalg.norm(expected)
        np.testing.assert_allclose(bank.weight[4 + number, 0].numpy(), expected, atol=1e-6)


def test_a_gabor_bank_finds_the_direction_of_stripes() -> None:
    bank = GaborBank(orientations=4, wavelength=4.0, phase="even")
    column = torch.arange(32, dtype=torch.float32)
    stripes = torch.cos(2 * math.pi * column / 4).expand(32, 32)
    pictures = torch.stack((stripes, stripes.t()))[:, None]
    strength = bank(pictures)[:, :, 8:-8, 8:-8].square().mean((2, 3))
    assert strength.argmax(1).tolist() == [0, 2]
    assert bank(torch.full((1, 1, 20, 20), 5.0))[:, :, 6:-6, 6:-6].abs().max() < 1e-4


def test_filters_of_a_channel_stand_beside_each_other_and_learn_nothing() -> None:
    bank = HaarBank()
    input = torch.randn(2, 3, 8, 8)
    made = bank(input)
    assert made.shape == (2, 12, 4, 4)
    torch.testing.assert_close(made[:, 4:8], bank(input[:, 1:2]))
    assert list(bank.parameters()) == []
    assert bank.state_dict() == {}


def test_haar_filters_are_the_orthonormal_wavelet_transform() -> None:
    input = torch.tensor([[1.0, 2.0], [5.0, 11.0]])[None, None]
    assert HaarBank()(input).flatten().tolist() == pytest.approx([9.5, 3.5, 6.5, 2.5])
    picture = torch.randn(1, 1, 8, 8)
    assert HaarBank()(picture).square().sum().item() == pytest.approx(picture.square().sum().item(), rel=1e-5)
    assert HaarBank(3, 1).weight.flatten(1).norm(dim=1).tolist() == pytest.approx([1.0] * 4)


def reference(picture: np.ndarray, bins: int, cell: int, block: int) -> np.ndarray:
    channels, height, width = picture.shape
    padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
    down_cells, across_cells = height // cell, width // cell
    votes = np.zeros((bins, down_cells, across_cells))
    for row in range(down_cells * cell):
        for column in range(across_cells * cell):
            gradients = [
                (
                    padded[c, row + 1, column + 2] - padded[c, row + 1, column],
                    padded[c, row + 2, column + 1] - padded[c, row, column + 1],
                )
                for c in range(channels)
            ]
            across, down = max(gradients, key=lambda gradient: math.hypot(*gradient))
            place = (math.atan2(down, across) % math.pi) / math.pi * bins - 0.5
            lower = math.floor(place)
            share = place - lower
            for bin, part in ((lower % bins, 1 - share), ((lower + 1) % bins, share)):
                votes[bin, row // cell, column // cell] += part * math.hypot(across, down)
    found = np.zeros((block * block * bins, down_cells - block + 1, across_cells - block + 1))
    for row in range(found.shape[1]):
        for column in range(found.shape[2]):
            cells = votes[:, row : row + block, column : column + block].transpose(1, 2, 0).reshape(-1)
            found[:, row, column] = cells / math.sqrt((cells**2).sum() + 1e-4)
    return found


@pytest.mark.parametrize(("bins", "cell", "block", "channels"), [(9, 4, 2, 1), (6, 3, 1, 3)])
def test_hog_equals_a_plain_loop(bins: int, cell: int, block: int, channels: int) -> None:
    pictures = torch.rand(2, channels, 13, 12, generator=torch.Generator().manual_seed(1))
    made = HoG(bins, cell, block)(pictures)
    for picture, found in zip(pictures.numpy(), made.numpy(), strict=True):
        np.testing.assert_allclose(found, reference(picture, bins, cell, block), atol=1e-5)


def test_hog_of_a_flat_picture_is_0_and_has_a_gradient() -> None:
    picture = torch.zeros(1, 1, 8, 8, requires_grad=True)
    made = HoG()(picture)
    assert made.eq(0).all()
    made.sum().backward()
    assert picture.grad.isfinite().all()
