"""The command's dispatch, and a window in a process of its own that never imports torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import __main__ as command
from app import display


def test_without_a_display_it_says_so_and_names_the_commands_that_need_none(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for variable in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    assert command.main([]) == 1
    said = capsys.readouterr().err
    assert "There is no display" in said
    assert "train" in said
    assert said.count("\n") == 1


def test_a_library_that_qt_lacks_is_told_with_the_packages(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    words = display.qt_words(ImportError("libGL.so.1: cannot open shared object file: No such file or directory"))
    assert words is not None
    for package in ("libgl1", "libegl1", "libdbus-1-3", "libxcb-cursor0"):
        assert package in words
    assert display.qt_words(ImportError("No module named 'app.launch'")) is None


def test_an_interrupt_while_a_command_is_imported_is_no_traceback(monkeypatch) -> None:
    def interrupted(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.main", interrupted)
    assert command.main(["check", "digits-dense"]) == 130


def test_an_unknown_word_is_wrong_usage(capsys) -> None:
    assert command.main(["trian"]) == 2
    assert "no command and no file trian" in capsys.readouterr().err
    assert command.main(["a.loom", "b.loom"]) == 2
    assert command.main(["x" * 300]) == 2, "a name that no file may have"


def test_a_file_keeps_its_place_when_the_window_is_started_again_elsewhere(monkeypatch, tmp_path: Path) -> None:
    from app import launch

    opened: list[Path | None] = []
    monkeypatch.setattr(launch, "run", lambda file: opened.append(file) or 0)
    monkeypatch.chdir(tmp_path)
    assert command.main(["net.loom"]) == 0
    assert opened == [tmp_path / "net.loom"]


def test_a_place_for_unsaved_work_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    place = {"QT_QPA_PLATFORM": "offscreen", "TENSORLOOM_STATE_FOLDER": str(tmp_path / "file" / "state")}
    done = subprocess.run([sys.executable, "-m", "app"], capture_output=True, text=True, env=os.environ | place)
    assert done.returncode == 1
    assert "where Tensorloom keeps unsaved work, cannot be used" in done.stderr
    assert done.stderr.count("\n") == 1


def test_known_commands_are_those_of_the_command_line() -> None:
    from app.cli.commands import app

    listed = {found.name or found.callback.__name__ for found in app.registered_commands}
    listed |= {group.name for group in app.registered_groups}
    assert listed <= set(command.COMMANDS)


SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from app.launch import application, open_window, process_events

window = open_window()
workspace = window.workspace
assert window.isVisible()

def until(true, seconds=90):
    for _ in range(seconds * 20):
        if true():
            return
        process_events(50)
    raise SystemExit("waited in vain")

until(lambda: bool(workspace.analysis.analysis.specs))
workspace.set_epochs(3)
workspace.runs.run()
until(lambda: workspace.runs.state.phase == "finished")
window.editor.select([next(iter(workspace.document.graph.blocks))])
window.editor.delete_selection()
workspace.document.undo_stack.undo()
process_events(300)
workspace.save(Path(sys.argv[1]))
until(lambda: workspace.path is not None and not workspace.is_changed)
window.close()
heavy = [name for name in ("torch", "sklearn", "networkx", "qtawesome") if name in sys.modules]
print("imported", heavy)
"""


def test_a_window_that_runs_looks_and_saves_never_imports_torch(tmp_path: Path) -> None:
    file = tmp_path / "net.loom"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file)],
        env={**os.environ, "TENSORLOOM_STATE_FOLDER": str(tmp_path / "state"), "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(command.__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "imported []" in done.stdout
    assert file.stat().st_size > 10_000


@pytest.mark.parametrize("name", ["app.launch", "app.__main__"])
def test_opening_imports_nothing_heavy(name: str) -> None:
    code = f"import {name}, sys; print([n for n in ('torch', 'pyqtgraph', 'sklearn', 'numpy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
