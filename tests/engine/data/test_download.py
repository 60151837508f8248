"""Downloads against a server on this machine that serves the real files, breaks off, and lies."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.data import download as module
from engine.data.datasets import load_dataset
from engine.data.download import DOWNLOADS, DownloadCancelled, download, is_downloaded
from engine.graph.problem import Refused
from engine.training.plan import DatasetRef
from tests.engine.data.dataset_server import Server, serving

TOTAL = sum(file.size for file in DOWNLOADS["mnist"].files)


@pytest.fixture
def server(shared_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(shared_mnist) as made:
        yield made


def assert_whole(folder: Path, source: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == sorted(file.name for file in DOWNLOADS["mnist"].files)
    for file in folder.iterdir():
        assert file.read_bytes() == (source / file.name).read_bytes()


def test_the_check_sums_are_the_published_ones(shared_mnist: Path) -> None:
    published = {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    for file in DOWNLOADS["mnist"].files:
        data = (shared_mnist / file.name).read_bytes()
        assert hashlib.md5(data, usedforsecurity=False).hexdigest() == published.pop(file.name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
    assert not published


def test_fetches_reports_and_does_not_fetch_again(
    server: Server, tmp_path: Path, shared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSORLOOM_DATA_FOLDER", str(tmp_path))
    told: list[tuple[int, int]] = []
    assert not is_downloaded("mnist")
    folder = download("mnist", progress=lambda *now: told.append(now), mirrors=(server.address,))
    assert folder == tmp_path / "mnist"
    assert_whole(folder, shared_mnist)
    assert is_downloaded("mnist")
    assert told == sorted(told)
    assert told[-1] == (TOTAL, TOTAL)
    assert len(told) > 20
    asked = len(server.asked)
    download("mnist", mirrors=(server.address,))
    assert len(server.asked) == asked
    assert len(load_dataset(DatasetRef(name="mnist")).train) == 55_000


def test_goes_on_where_the_line_broke(server: Server, tmp_path: Path, shared_mnist: Path) -> None:
    server.cut_after, server.cuts = 1_500_000, 8
    download("mnist", tmp_path, mirrors=(server.address,))
    assert_whole(tmp_path, shared_mnist)
    assert server.sent == TOTAL
    assert ("train-images-idx3-ubyte.gz", "bytes=1500000-") in server.asked


def test_starts_over_where_the_server_knows_no_ranges(server: Server, tmp_path: Path, shared_mnist: Path) -> None:
    server.cut_after, server.cuts, server.ranges = 1_500_000, 1, False
    download("mnist", tmp_path, mirrors=(server.address,))
    assert_whole(tmp_path, shared_mnist)
    assert server.sent == TOTAL + 1_500_000


def test_cancelled_keeps_what_arrived_and_resumes(server: Server, tmp_path: Path, shared_mnist: Path) -> None:
    arrived = 0

    def progress(received: int, total: int) -> None:
        nonlocal arrived
        arrived = received

    with pytest.raises(DownloadCancelled):
        download("mnist", tmp_path, progress, lambda: arrived > 3_000_000, (server.address,))
    part = tmp_path / "train-images-idx3-ubyte.gz.part"
    kept = part.stat().st_size
    assert 3_000_000 < kept < 4_000_000
    server.asked.clear()
    download("mnist", tmp_path, mirrors=(server.address,))
    assert server.asked[0] == ("train-images-idx3-ubyte.gz", f"bytes={kept}-")
    assert_whole(tmp_path, shared_mnist)


def test_a_spoilt_file_is_deleted_and_another_mirror_asked(server: Server, tmp_path: Path, shared_mnist: Path) -> None:
    server.corrupt = "train-labels-idx1-ubyte.gz"
    with pytest.raises(Refused, match=r"The download of train-labels-idx1-ubyte.gz arrived damaged"):
        download("mnist", tmp_path, mirrors=(server.address,))
    assert [file.name for file in tmp_path.iterdir()] == ["train-images-idx3-ubyte.gz"]
    with serving(shared_mnist) as other:
        download("mnist", tmp_path, mirrors=(server.address, other.address))
        assert [name for name, _ in other.asked] == ["train-labels-idx1-ubyte.gz"]
    assert_whole(tmp_path, shared_mnist)


def test_a_spoilt_file_on_disk_is_fetched_again(server: Server, tmp_path: Path, shared_mnist: Path) -> None:
    for file in DOWNLOADS["mnist"].files:
        (tmp_path / file.name).write_bytes((shared_mnist / file.name).read_bytes())
    spoilt = tmp_path / "t10k-labels-idx1-ubyte.gz"
    spoilt.write_bytes(spoilt.read_bytes()[::-1])
    (tmp_path / "t10k-labels-idx1-ubyte.gz.part").write_bytes(b"x" * 10_000)
    download("mnist", tmp_path, mirrors=(server.address,))
    assert [name for name, _ in server.asked] == ["t10k-labels-idx1-ubyte.gz"]
    assert_whole(tmp_path, shared_mnist)


def test_offline_is_one_sentence(tmp_path: Path, server: Server) -> None:
    closed = server.address
    server.status = 503
    with pytest.raises(Refused, match="MNIST could not be downloaded: the server answered 503. Check the connection"):
        download("mnist", tmp_path, mirrors=(closed,))
    server.status = 404
    server.asked.clear()
    with pytest.raises(Refused, match="the server answered 404"):
        download("mnist", tmp_path, mirrors=(closed,))
    assert len(server.asked) == 1
    with pytest.raises(Refused, match="the server refused the connection"):
        download("mnist", tmp_path, mirrors=("http://127.0.0.1:9/",))
    with pytest.raises(Refused, match="the server cannot be reached"):
        download("mnist", tmp_path, mirrors=("http://nowhere.invalid/",))


def test_a_server_that_always_breaks_off_ends(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.cuts = 0, 1_000_000
    with pytest.raises(Refused, match="MNIST could not be downloaded: the connection broke off"):
        download("mnist", tmp_path, mirrors=(server.address,))


def test_a_silent_server_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(Refused, match="the server does not answer"),
    ):
        download("mnist", tmp_path, mirrors=(f"http://127.0.0.1:{silent.getsockname()[1]}/",))


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full on this system")
def test_a_full_disk_is_told(tmp_path: Path, server: Server) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz.part").symlink_to("/dev/full")
    with pytest.raises(Refused, match=r"train-images-idx3-ubyte.gz.part could not be saved: the disk is full"):
        download("mnist", tmp_path, mirrors=(server.address,))


def test_a_folder_that_cannot_be_made(tmp_path: Path, server: Server) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Refused, match="mnist could not be saved"):
        download("mnist", tmp_path / "file" / "mnist", mirrors=(server.address,))


def test_only_what_is_published() -> None:
    with pytest.raises(Refused, match="digits is not a dataset that can be downloaded. Choose one of mnist."):
        download("digits")
