"""The curve of an activation: what it makes of each number, and its slope."""

from __future__ import annotations

import copy

import numpy as np
import torch

from engine.compile.windows import acts_alone
from engine.measurements.results import Ask
from engine.measurements.subject import Subject, block_refused

Arrays = dict[str, np.ndarray]

FURTHEST = 4.0
POINTS = 401


def measure_curve(subject: Subject, ask: Ask) -> Arrays:
    """The answer to a `curve` ask: 401 points from −4 to 4.

    Raises Refused: `no-curve`, `bypassed`, `not-in-network`.
    """
    network = subject.network
    if not network.has_block(ask.block):
        raise block_refused("no-curve", network, ask.block)
    module = network.block(ask.block)
    if not acts_alone(network.call_of(ask.block).type, module):
        raise block_refused("no-curve", network, ask.block)
    # A copy on the CPU: neither the gradients nor the device of the one that trains are touched.
    module = copy.deepcopy(module).cpu().double().eval()
    x = torch.linspace(-FURTHEST, FURTHEST, POINTS, dtype=torch.float64).reshape(1, -1).requires_grad_()
    with torch.enable_grad():
        y = module(x)
        (slope,) = torch.autograd.grad(y.sum(), x, allow_unused=True) if y.requires_grad else (None,)
    slope = torch.zeros_like(x) if slope is None else slope
    names = ("x", "function", "derivative")
    return {name: values.detach()[0].float().numpy() for name, values in zip(names, (x, y, slope), strict=True)}
