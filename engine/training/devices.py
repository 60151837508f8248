"""Where a run computes: the device by name, and the number of threads."""

from __future__ import annotations

import torch

from engine.graph.problem import refused
from engine.training.plan import default_threads


def available_devices() -> tuple[str, ...]:
    """torch's names of the devices on this machine, the CPU first: `cpu`, `cuda:0`, `cuda:1`, `mps`."""
    cuda = tuple(f"cuda:{index}" for index in range(torch.cuda.device_count())) if torch.cuda.is_available() else ()
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return ("cpu", *cuda, *mps)


def choose_device(name: str) -> torch.device:
    """The device that a plan names; `auto` is the first CUDA device, else the CPU. Raises Refused `device`."""
    available = available_devices()
    if name == "auto":
        return torch.device(next((known for known in available if known.startswith("cuda")), "cpu"))
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in available:
        raise refused("device", device=name, known=", ".join(("auto", *available)))
    return torch.device(wanted)


def device_words(device: torch.device) -> str:
    """How a sentence speaks of the device: `CPU`, `GPU cuda:0`."""
    return "CPU" if device.type == "cpu" else f"GPU {device}"


def set_threads(threads: int | None) -> int:
    """Lets the calling thread compute with `threads` (None: `default_threads()`), and returns the number.

    OpenMP keeps the number for each thread: the loop's own thread has to call this.
    """
    number = default_threads() if threads is None else threads
    if torch.get_num_threads() != number:
        torch.set_num_threads(number)
    return number
