"""`tensorloom check` on every published network: no error, the published number of weights, at once, without data."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from app.cli.commands import main
from engine.project.examples import reference_ids
from tests.published_networks import PARAMETERS

SECONDS = 5.0
"""Of the processor; each takes less than one on an idle machine."""


@pytest.fixture(scope="module")
def warm() -> None:
    """Torch and its fake tensors loaded."""
    assert main(["check", "digits-convnet", "--json"]) == 0


def test_every_shipped_network_is_here() -> None:
    assert set(reference_ids()) == set(PARAMETERS)


@pytest.mark.parametrize("id", PARAMETERS)
def test_check_ends_well_with_the_published_count(id: str, warm: None, capsys: pytest.CaptureFixture[str]) -> None:
    start = time.process_time()
    code = main(["check", id, "--json"])
    took = time.process_time() - start
    printed = capsys.readouterr()
    assert code == 0, printed.err
    found = json.loads(printed.out)
    assert found["ok"] is True
    assert found["parameters"] == PARAMETERS[id]
    assert [problem for problem in found["problems"] if problem["severity"] == "error"] == []
    assert took < SECONDS


def test_the_numbers_are_printed_for_people(warm: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "dbn"]) == 0
    assert "\n1,666,794 parameters, " in capsys.readouterr().out


def test_the_transformer_has_twelve_layers_768_wide(warm: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "vision-transformer", "--json"]) == 0
    blocks = json.loads(capsys.readouterr().out)["blocks"]
    layers = [block for block in blocks if block["type"] == "transformer_encoder_layer"]
    assert len(layers) in (1, 12)
    widths = {dims[-1] for block in layers for dims in block["outputs"].values()}
    assert widths == {768}


MEMORY = """
import resource, sys
from app.cli.commands import main
assert main(["check", "digits-convnet", "--json"]) == 0
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for id in sys.argv[1:]:
    assert main(["check", id, "--json"]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_no_memory_is_needed_for_the_weights() -> None:
    """VGG-16 alone would take 553 MB, all three 1.2 GB."""
    command = [sys.executable, "-c", MEMORY, "vgg-16", "zfnet", "vision-transformer"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(ran.stdout.splitlines()[-1]) * unit < 100 * 2**20
