import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from engine.graph.problem import Refused
from engine.project.recovery import Beside, RecoveryFolder, state_folder
from engine.training.plan import Settings

from .drawings import TYPES, small

CURVES = {"loss": np.arange(5, dtype=np.float32)}


def test_nothing_was_kept_before_the_first_time(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path / "state")
    assert folder.read(TYPES) is None
    assert folder.checkpoints.is_dir()
    folder.close()


def test_what_was_kept_last_is_there_at_the_next_start(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path)
    checkpoint = folder.checkpoints / "r-1.safetensors"
    checkpoint.write_bytes(b"weights")
    folder.write(small(), Settings(title="first"))
    folder.write(
        small(),
        Settings(title="last"),
        CURVES,
        Beside(file="/home/me/net.loom", changed=True, checkpoint=str(checkpoint)),
    )
    folder.close()
    again = RecoveryFolder(tmp_path)
    assert again.path == folder.path
    recovered = again.read(TYPES)
    assert recovered is not None
    assert recovered.project.graph == small()
    assert recovered.project.settings.title == "last"
    assert recovered.project.curves["loss"].tolist() == [0, 1, 2, 3, 4]
    assert recovered.beside == Beside(file="/home/me/net.loom", changed=True, checkpoint=str(checkpoint))
    assert recovered.checkpoint == checkpoint
    checkpoint.unlink()
    recovered = again.read(TYPES)
    assert recovered is not None
    assert recovered.checkpoint is None
    again.clear()
    assert again.read(TYPES) is None
    again.close()


def test_a_file_whose_name_is_not_unicode_is_known_at_the_next_start(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path)
    file = os.fsdecode(b"/home/me/caf\xe9/net.loom")
    folder.write(small(), Settings(), beside=Beside(file=file))
    recovered = folder.read(TYPES)
    folder.close()
    assert recovered is not None
    assert recovered.beside == Beside(file=file)


def test_two_windows_have_folders_of_their_own(tmp_path: Path) -> None:
    first, second = RecoveryFolder(tmp_path), RecoveryFolder(tmp_path)
    assert first.path != second.path
    first.write(small(), Settings(title="first"))
    second.write(small(), Settings(title="second"))
    first.close()
    third = RecoveryFolder(tmp_path)
    assert third.path == first.path
    recovered = third.read(TYPES)
    assert recovered is not None
    assert recovered.project.settings.title == "first"
    for folder in (second, third):
        folder.close()


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x03\x04 half", b"PK\x05\x06" + b"\0" * 18])
def test_a_damaged_drawing_is_told_once_and_put_aside(tmp_path: Path, data: bytes) -> None:
    folder = RecoveryFolder(tmp_path)
    path = folder.path / "drawing.loom"
    path.write_bytes(data)
    with pytest.raises(Refused) as refused:
        folder.read(TYPES)
    assert str(refused.value)
    assert folder.read(TYPES) is None
    assert (folder.path / "drawing-damaged.loom").read_bytes() == data
    folder.write(small(), Settings())
    assert folder.read(TYPES) is not None
    folder.close()


def test_what_a_kill_left_unfinished_goes_at_the_next_start_and_not_before(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path)
    folder.write(small(), Settings(title="last"))
    (drawing,) = (file for file in folder.path.iterdir() if file.suffix == ".loom")
    unfinished = [drawing.with_name(f".{drawing.name}.{number}.tmp") for number in range(3)]
    for file in unfinished:
        file.write_bytes(b"half")
    beside = RecoveryFolder(tmp_path)
    assert all(file.is_file() for file in unfinished), "the first window may be writing them"
    beside.close()
    folder.close()
    again = RecoveryFolder(tmp_path)
    assert again.path == folder.path
    assert not any(file.exists() for file in unfinished)
    assert again.read(TYPES) is not None
    again.close()


def test_old_checkpoints_go_and_the_wanted_stay(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path)
    files = [folder.checkpoints / f"r-{number}.safetensors" for number in range(6)]
    for number, file in enumerate(files):
        file.write_bytes(b"x")
        os.utime(file, (1000 + number, 1000 + number))
    folder.prune_checkpoints(keep=[files[1]], newest=2)
    assert sorted(folder.checkpoints.iterdir()) == [files[1], files[4], files[5]]
    folder.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused) as refused:
        RecoveryFolder(tmp_path / "file")
    assert refused.value.problem.code == "state-folder"


def test_the_place_is_the_environments_or_the_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLOOM_STATE_FOLDER", str(tmp_path / "here"))
    assert state_folder() == tmp_path / "here"
    monkeypatch.delenv("TENSORLOOM_STATE_FOLDER")
    assert "tensorloom" in str(state_folder())


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_window_killed_at_any_moment_leaves_its_last_drawing_and_its_lock(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from engine.project.recovery import RecoveryFolder
        from engine.training.plan import Settings
        from tests.engine.project.drawings import small
        folder = RecoveryFolder(Path(sys.argv[1]))
        number = 0
        while True:
            number += 1
            folder.write(small(), Settings(title=str(number)))
            sys.stdout.write(f"{number}\\n"); sys.stdout.flush()
    """)
    root = Path(__file__).parents[3]
    moments = random.Random(2)
    for _ in range(4):
        window = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert window.stdout is not None
        with window.stdout:
            window.stdout.readline()
            time.sleep(moments.random() * 0.05)
            window.send_signal(signal.SIGKILL)
            window.wait()
            said = [line for line in window.stdout.read().split(b"\n") if line]
        folder = RecoveryFolder(tmp_path)
        assert folder.path.name == "window-1"
        recovered = folder.read(TYPES)
        assert recovered is not None
        assert int(recovered.project.settings.title) >= int(said[-1] if said else 1)
        folder.close()


def test_where_the_last_known_checkpoint_went_the_newest_of_its_run_is_taken(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path)
    known = folder.checkpoints / "a1-100.safetensors"
    for number, name in enumerate(("a1-900", "a1-1000", "a1-200", "a12-2000", "weights-3")):
        file = folder.checkpoints / f"{name}.safetensors"
        file.write_bytes(b"weights")
        os.utime(file, ns=(number, number if name != "a1-1000" else 9))
    folder.write(small(), Settings(), CURVES, Beside(checkpoint=str(known)))
    recovered = folder.read(TYPES)
    assert recovered is not None
    assert recovered.checkpoint == folder.checkpoints / "a1-1000.safetensors"
    gone = folder.checkpoints / "weights-7.safetensors"
    folder.write(small(), Settings(), CURVES, Beside(checkpoint=str(gone), from_file=True))
    recovered = folder.read(TYPES)
    assert recovered is not None
    assert recovered.checkpoint is None, "weights of a file are of no run"
    folder.close()


def test_what_the_worker_wrote_after_the_kill_is_taken_even_where_the_window_knew_of_none(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path)
    known, later = folder.checkpoints / "a1-100.safetensors", folder.checkpoints / "b2-40.safetensors"
    for number, file in enumerate((later, known)):
        file.write_bytes(b"weights")
        os.utime(file, ns=(number, number))

    def read(beside: Beside) -> tuple[Path | None, bool]:
        folder.write(small(), Settings(), CURVES, beside)
        recovered = folder.read(TYPES)
        assert recovered is not None
        return recovered.checkpoint, recovered.is_later

    assert read(Beside(run="b2")) == (later, True)
    assert read(Beside(run="b2", checkpoint=str(known))) == (later, True), "the run that goes on from it"
    assert read(Beside(run="b2", checkpoint=str(later))) == (later, False)
    assert read(Beside(run="c3", checkpoint=str(known))) == (known, False)
    assert read(Beside(run="b")) == (None, False)
    assert read(Beside()) == (None, False)
    folder.close()


def test_the_newest_checkpoint_is_that_of_the_last_step_whatever_the_clock_says(tmp_path: Path) -> None:
    folder = RecoveryFolder(tmp_path)
    for number, name in enumerate(("a1-1000", "a1-90", "a1-of-another", "a12-2000")):
        file = folder.checkpoints / f"{name}.safetensors"
        file.write_bytes(b"weights")
        os.utime(file, ns=(number, number))
    known = folder.checkpoints / "a1-1000.safetensors"
    folder.write(small(), Settings(), CURVES, Beside(checkpoint=str(known), run="a1"))
    recovered = folder.read(TYPES)
    assert recovered is not None
    assert (recovered.checkpoint, recovered.is_later) == (known, False)
    (folder.checkpoints / "a1-1001.safetensors").write_bytes(b"weights")
    assert not recovered.is_later, "looked for once: the worker of a killed window may write meanwhile"
    folder.close()
