import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from engine.graph.problem import Refused
from engine.project.atomic_file import write_atomically


def _write(path: Path, data: bytes) -> None:
    write_atomically(path, lambda stream: stream.write(data) and None)


def test_new_content_takes_the_place_of_the_old_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "net.loom"
    path.write_bytes(b"old")
    _write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EFBIG, "disk-full"),
        (errno.EACCES, "save-failed"),
        (errno.EIO, "save-failed"),
    ],
)
def test_a_fault_while_writing_leaves_the_old_file_and_no_temporary(tmp_path: Path, number: int, code: str) -> None:
    path = tmp_path / "net.loom"
    path.write_bytes(b"old")

    def fail(stream: BinaryIO) -> None:
        stream.write(b"half of the new")
        raise OSError(number, os.strerror(number))

    with pytest.raises(Refused) as refused:
        write_atomically(path, fail)
    assert refused.value.problem.code == code
    assert "net.loom" in str(refused.value)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_is_full_at_the_last_moment_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "net.loom"
    path.write_bytes(b"old")

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(Refused) as refused:
        _write(path, b"new")
    assert refused.value.problem.code == "disk-full"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_fault_of_ours_also_leaves_no_temporary(tmp_path: Path) -> None:
    def fail(stream: BinaryIO) -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        write_atomically(tmp_path / "net.loom", fail)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_missing_and_a_folder_in_the_way_are_told(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        _write(tmp_path / "nowhere" / "net.loom", b"new")
    assert refused.value.problem.code == "save-failed"
    (tmp_path / "net.loom").mkdir()
    with pytest.raises(Refused) as refused:
        _write(tmp_path / "net.loom", b"new")
    assert refused.value.problem.code == "save-failed"
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.loom"]
    with pytest.raises(Refused) as refused:
        _write(Path(tmp_path.anchor), b"new")
    assert refused.value.problem.code == "save-failed"


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_written_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.loom"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(Refused) as refused:
        _write(path, b"new")
    assert refused.value.problem.code == "save-failed"
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_followed_and_permissions_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "net.loom", tmp_path / "link.loom"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    _write(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Refused, match="pipe could not be saved: it is a device or a pipe, no file"):
        write_atomically(pipe, lambda stream: None)
    assert pipe.is_fifo()


def test_leftovers_of_a_kill_go_with_a_later_save_and_other_files_stay(tmp_path: Path) -> None:
    path = tmp_path / "net [1].loom"
    old, fresh, other = (
        tmp_path / name for name in (".net [1].loom.aa.tmp", ".net [1].loom.bb.tmp", ".net.loom.aa.tmp")
    )
    for file in (old, fresh, other):
        file.write_bytes(b"half")
    for file in (old, other):
        os.utime(file, (time.time() - 10_000, time.time() - 10_000))
    _write(path, b"new")
    assert sorted(tmp_path.iterdir()) == sorted([path, fresh, other])


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
def test_a_real_limit_of_the_system_is_told_as_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "net.loom"
    path.write_bytes(b"old")
    script = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from engine.graph.problem import Refused
        from engine.project.atomic_file import write_atomically
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_atomically(Path(sys.argv[1]), lambda stream: stream.write(b"x" * 1_000_000) and None)
        except Refused as refused:
            sys.stdout.write(refused.problem.code)
    """)
    result = subprocess.run(
        [sys.executable, "-P", "-c", script, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "disk-full", result.stderr
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_kill_at_any_moment_leaves_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "net.loom"
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from engine.project.atomic_file import write_atomically
        number = 0
        while True:
            number += 1
            data = number.to_bytes(8, "little") * 50_000
            write_atomically(Path(sys.argv[1]), lambda stream: stream.write(data) and None)
            sys.stdout.write("."); sys.stdout.flush()
    """)
    seen = set()
    for moment in range(5):
        process = subprocess.Popen([sys.executable, "-P", "-c", script, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout:
            process.stdout.read(1)
            time.sleep(0.013 * moment)
            process.send_signal(signal.SIGKILL)
            process.wait()
        data = path.read_bytes()
        assert len(data) == 400_000
        assert data == data[:8] * 50_000
        seen.add(data[:8])
    assert len(seen) > 1
