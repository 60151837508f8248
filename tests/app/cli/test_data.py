"""`data get` from a server on this machine, and `data import`."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from engine.data import download
from engine.data.download import Downloadable, RemoteFile
from tests.engine.data.dataset_server import serving
from tests.journeys.broken_files import idx_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where MNIST is looked for."""
    monkeypatch.setenv("TENSORLOOM_DATA_FOLDER", str(tmp_path / "data"))
    return tmp_path / "data" / "mnist"


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def published(source: Path, address: str) -> dict[str, Downloadable]:
    """The files of `source`, as MNIST is published."""
    files = contents(source).items()
    remote = (RemoteFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files)
    return {"mnist": Downloadable(tuple(remote), (address,))}


def test_get_brings_a_dataset(run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    source = idx_folder(tmp_path / "source")
    with serving(source) as server:
        monkeypatch.setattr(download, "DOWNLOADS", published(source, server.address))
        listed = [row for row in json.loads(run("data", "list", "--json")[1]) if row["name"] == "mnist"]
        assert not listed[0]["here"]
        code, out, err = run("data", "get", "mnist")
        assert (code, err) == (0, "")
        assert "mnist lies in " in out
        assert len(server.asked) == 4
        assert run("data", "get", "mnist")[0] == 0
        assert len(server.asked) == 4, "what is whole is not fetched again"
    assert contents(folder) == contents(source)
    assert json.loads(run("data", "info", "mnist", "--json")[1])["test"] == 40


def test_get_says_that_there_is_no_line(run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(tmp_path) as server:
        gone = server.address
    monkeypatch.setattr(download, "DOWNLOADS", published(idx_folder(tmp_path / "source"), gone))
    code, _, err = run("data", "get", "mnist")
    assert code == 1
    assert err.startswith("MNIST could not be downloaded: the server refused the connection. Check the connection")
    assert err.count("\n") == 1
    assert contents(folder) == {}


def test_import_copies_and_a_second_one_does_no_harm(run, folder: Path, tmp_path: Path) -> None:
    source = idx_folder(tmp_path / "source")
    assert run("data", "import", source)[0] == 0
    assert contents(folder) == contents(source)
    assert run("data", "import", folder)[0] == 0, "it is there already"
    assert contents(folder) == contents(source)


def test_import_on_a_full_disk_leaves_what_was_there(
    run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"an earlier copy")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.project.atomic_file.os.fsync", full)
    code, _, err = run("data", "import", idx_folder(tmp_path / "source"))
    assert code == 1
    assert err.startswith("train-images-idx3-ubyte.gz could not be saved: the disk is full")
    assert err.count("\n") == 1
    assert contents(folder) == {"train-images-idx3-ubyte.gz": b"an earlier copy"}


def test_import_into_a_place_that_cannot_be_made_is_told(run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"in the way")
    code, _, err = run("data", "import", idx_folder(tmp_path / "source"))
    assert code == 1
    assert err.startswith("mnist could not be saved: not a directory")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("command", "words"), [("import", "There is no file"), ("info", "There is no dataset")])
def test_a_name_that_is_too_long_is_told(run, command: str, words: str) -> None:
    code, _, err = run("data", command, "x" * 300)
    assert code == 1
    assert err.startswith(f"{words} {'x' * 300}")
