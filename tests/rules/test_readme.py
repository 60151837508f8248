"""The README's commands are the ones that `.ci/run` runs, and say the same on every system."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.blocks.catalogue import BLOCK_TYPES, FAMILIES
from resources.make_file_tree import BEGIN, END, file_tree

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENDS = {
    "demo": "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/tensorloom demo",
    "tests": 'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/python -m pytest -n 2',
}


@pytest.mark.parametrize("name", ENDS)
def test_the_command_stands_in_the_readme_once_for_debian_and_once_for_the_rest(name: str) -> None:
    found = re.findall(rf"<!-- run: {name} -->\n```sh\n(.*)\n```\n", README)
    assert len(found) == 1
    prefix, _, command = found[0].partition("python3 -m venv")
    assert f"python3 -m venv{command}" == ENDS[name]
    assert prefix.startswith("$(command -v sudo) apt-get update && $(command -v sudo) apt-get install -y python3-venv ")
    assert f"```sh\n{ENDS[name]}\n```" in README


@pytest.mark.parametrize("name", ENDS)
def test_windows_has_the_same_command_in_its_own_spelling(name: str) -> None:
    spelt = ENDS[name].replace("python3 -m venv", "py -m venv").replace(".venv/bin/", ".venv\\Scripts\\")
    assert f"```bat\n{spelt}\n```" in README


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_ci_reads_its_commands_from_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK) or os.name == "nt"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert "set -euo pipefail" in text
    assert "apt-get install" not in text
    assert text.index("$demo") < text.index("$tests") < text.index("ruff check") < text.index("lint-imports")
    assert text.index("lint-imports") < text.index("mypy")
    function = text[text.index("readme_command()") : text.index("\nstep()")]
    for name, command in ENDS.items():
        without = f"{function}\ncommand() {{ return 1; }}\nreadme_command {name}"
        said = subprocess.run(["bash", "-euc", without], cwd=ROOT, capture_output=True, text=True, check=True)
        assert said.stdout == f"{command}\n"
    missing = subprocess.run(
        ["bash", "-euc", f"{function}\nreadme_command x"], cwd=ROOT, capture_output=True, check=False
    )
    assert missing.returncode == 1


def test_the_catalogue_stands_in_the_readme_as_it_is() -> None:
    families = re.findall(
        r"^\| ([A-Z][^|`]*?) \| [^|]*\|$", README.partition("## Blocks")[2].partition("\n## ")[0], re.M
    )
    assert families == ["Family", *(title for _, title in FAMILIES)]
    (least,) = re.findall(r"More than (\d+) kinds of blocks", README)
    assert len(BLOCK_TYPES) > int(least)
    assert f"More than {least} blocks in twelve families" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert len(FAMILIES) == 12


def test_every_file_is_listed_with_what_it_is_for() -> None:
    assert f"{BEGIN}{file_tree()}{END}" in README, "python -m resources.make_file_tree writes the list"
