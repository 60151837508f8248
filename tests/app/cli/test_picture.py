"""Where Qt cannot load: what needs no picture runs, the rest says what to install."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.display import PACKAGES

WITHOUT_QT = """
import contextlib, io, json, sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6"):
            raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

sys.meta_path.insert(0, NoQt())
from app.__main__ import main

said = []
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    said.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(said))
"""

RUNS = (
    ["examples"],
    ["new", "digits-dense", "-o", "new.loom"],
    ["check", "new.loom"],
    ["train", "new.loom", "--epochs", "1", "--device", "cpu", "--out", "trained.loom"],
    ["evaluate", "trained.loom"],
    ["predict", "trained.loom", "test:0"],
    ["export", "trained.loom", "--to", "safetensors", "-o", "weights.safetensors"],
    ["data", "list"],
    ["data", "info", "digits"],
)
NEEDS_QT = (
    ["render", "new.loom", "-o", "new.png"],
    ["predict", "trained.loom", "digit.png"],
    ["demo"],
    [],
    ["new.loom"],
)


@pytest.mark.skipif(sys.platform != "linux", reason="the packages are those of Linux")
def test_without_qt_what_needs_no_picture_runs_and_the_rest_names_the_packages(tmp_path: Path) -> None:
    (tmp_path / "digit.png").write_bytes(b"unread")
    commands = [*RUNS, *NEEDS_QT]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT, json.dumps(commands)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "QT_QPA_PLATFORM": "offscreen"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for arguments, (code, out, err) in zip(commands, json.loads(done.stdout), strict=True):
        if arguments in RUNS:
            assert (code, err) == (0, ""), (arguments, err)
            assert out
            continue
        assert (code, out) == (1, ""), (arguments, out)
        assert err.count("\n") == 1, (arguments, err)
        assert "libGL.so.1" in err
        assert all(package in err for package in PACKAGES.split()), (arguments, err)


@pytest.mark.parametrize("command", [["render", "digits-dense", "-o"], ["demo", "--picture"]])
def test_a_picture_that_cannot_be_written_is_told_before_any_work(run, qapp, tmp_path, monkeypatch, command) -> None:
    def work(*_: object) -> None:
        raise AssertionError("no work before the place is known to be good")

    monkeypatch.setattr("app.cli.demo._off_screen", work)
    monkeypatch.setattr("app.cli.picture.offscreen_application", work)
    (tmp_path / "folder.png").mkdir()
    for name, words in (
        ("absent/x.png", f"x.png could not be saved: there is no folder {tmp_path / 'absent'}. Make the folder"),
        ("folder.png", "folder.png could not be saved: there is a folder of that name"),
        ("x.bmp", "Picture is .bmp, out of range"),
        ("x", "Picture is without a suffix"),
    ):
        code, _, err = run(*command, tmp_path / name)
        assert code == 1
        assert err.startswith(words)
        assert err.count("\n") == 1
    monkeypatch.setattr("app.cli.picture.os.access", lambda path, mode: False)
    assert run(*command, tmp_path / "x.png")[2].startswith("x.png could not be saved: permission denied")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]
