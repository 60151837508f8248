"""What a step frees is there for the next one, on the loop's own thread too, and goes back at the end of a run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine.training import pages

STEPS = """
import json, resource, sys, threading
from engine.training.pages import give_back_pages, keep_pages
if sys.argv[1] == "keep":
    assert keep_pages()
import torch

def resident_mb():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize() / 2**20

def step():
    optimiser.zero_grad()
    network(pictures).square().mean().backward()
    optimiser.step()

torch.set_num_threads(1)
pictures = torch.rand(64, 3, 32, 32)
network = torch.nn.Sequential(
    torch.nn.Conv2d(3, 32, 3, padding=1),
    torch.nn.ReLU(),
    torch.nn.Conv2d(32, 32, 3, padding=1, groups=32),
    torch.nn.Conv2d(32, 64, 1),
    torch.nn.BatchNorm2d(64),
    torch.nn.ReLU(),
    torch.nn.Conv2d(64, 64, 3, padding=1, groups=64, stride=2),
    torch.nn.Flatten(),
    torch.nn.Linear(64 * 256, 10),
)
optimiser = torch.optim.SGD(network.parameters(), lr=1e-3)

def run():
    for _ in range(12):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        step()
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 5
    held = resident_mb()
    give_back_pages()
    print(json.dumps([faults, held - resident_mb()]))

if sys.argv[2] == "thread":
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
else:
    run()
"""


def ran(keep: str, where: str) -> tuple[float, float]:
    """New pages a step of a convnet, and the MiB that went back in the end."""
    done = subprocess.run([sys.executable, "-c", STEPS, keep, where], capture_output=True, text=True, check=True)
    faults, given = json.loads(done.stdout)
    return faults, given


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")
@pytest.mark.parametrize("where", ["main", "thread"])
def test_steps_are_given_no_new_pages(where: str) -> None:
    left, _ = ran("leave", where)
    faults, given = ran("keep", where)
    assert faults < left / 4
    assert given > 80


@pytest.mark.parametrize(("platform", "library"), [("darwin", None), ("win32", None), ("linux", OSError)])
def test_where_the_c_library_cannot_be_told_nothing_is(
    monkeypatch: pytest.MonkeyPatch, platform: str, library: type[OSError] | None
) -> None:
    def refuse(name: None) -> None:
        raise library if library is not None else AssertionError("it is not asked")

    monkeypatch.setattr(pages.sys, "platform", platform)
    monkeypatch.setattr(pages.ctypes, "CDLL", refuse)
    assert not pages.keep_pages()
    pages.give_back_pages()
