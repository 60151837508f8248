"""Fetches a dataset: resumable, from several mirrors, each file checked before it takes its name. No torch."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Protocol, cast

from engine.data.catalogue import DATASETS
from engine.data.folders import data_folder
from engine.graph.problem import Refused, refused

Progress = Callable[[int, int], None]

_CHUNK = 1 << 16
_TIMEOUT_S = 10.0
_TRIES = 3  # in a row that bring nothing, at each mirror


class DownloadCancelled(Exception):
    """Somebody gave the download up; what arrived is kept for the next time."""


@dataclass(frozen=True)
class RemoteFile:
    """A published file: its name on every mirror, size in bytes, SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Downloadable:
    """The files of a dataset and the addresses (ending in a slash) that serve all of them."""

    files: tuple[RemoteFile, ...]
    mirrors: tuple[str, ...]


# Taken from files whose MD5 sums are the four published ones (f68b3c2d…, d53e105e…, 9fb629c4…, ec29112d…).
_MNIST = Downloadable(
    files=(
        RemoteFile(
            "train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
        ),
        RemoteFile(
            "train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
        ),
        RemoteFile(
            "t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
        ),
        RemoteFile(
            "t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
        ),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)

DOWNLOADS: Mapping[str, Downloadable] = MappingProxyType({"mnist": _MNIST})


class _Answer(Protocol):
    status: int
    headers: Mapping[str, str]

    def read1(self, count: int) -> bytes: ...
    def close(self) -> None: ...


def download(
    name: str,
    folder: Path | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    mirrors: tuple[str, ...] | None = None,
) -> Path:
    """Fetch the dataset `name` into `folder` (None: the folder of downloads) and return that folder.

    `progress(bytes here, bytes in all)` is called as they come, `cancelled()` asked as often. A file that is whole is
    not fetched again; a part goes on where it ended, at any mirror. Raises DownloadCancelled, and Refused:
    `not-downloadable`, `offline`, `checksum`, `disk-full`, `save-failed`.
    """
    if name not in DOWNLOADS:
        raise refused("not-downloadable", name=name, known=", ".join(DOWNLOADS))
    wanted = DOWNLOADS[name]
    folder = folder if folder is not None else data_folder(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_saved(folder, error) from error
    total = sum(file.size for file in wanted.files)
    done = 0
    for file in wanted.files:
        before = done

        def told(received: int, before: int = before) -> None:
            if cancelled is not None and cancelled():
                raise DownloadCancelled(name)
            if progress is not None:
                progress(before + received, total)

        told(0)
        if not _is_whole(folder / file.name, file):
            _fetch(DATASETS[name].title, file, folder, mirrors or wanted.mirrors, told)
        done += file.size
        told(file.size)
    return folder


def is_downloaded(name: str) -> bool:
    """Whether all files of the dataset `name` lie in the folder of downloads (by name: they got it when whole)."""
    return all((data_folder(name) / file.name).is_file() for file in DOWNLOADS[name].files)


def _fetch(title: str, file: RemoteFile, folder: Path, mirrors: tuple[str, ...], told: Callable[[int], None]) -> None:
    """Bring `file` into `folder` from the first mirror that gives it whole."""
    part = folder / f"{file.name}.part"
    reason, damaged = "no address is known", False
    for mirror in mirrors:
        failures = 0
        while failures < _TRIES:
            before = _size(part)
            told(before)
            try:
                _receive(mirror + file.name, part, file.size, told)
            except (OSError, http.client.HTTPException) as error:
                reason = _reason(error)
                failures = 0 if _size(part) > before else failures + 1
                if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                    break
                continue
            if _is_whole(part, file):
                try:
                    os.replace(part, folder / file.name)
                except OSError as error:
                    raise _not_saved(folder / file.name, error) from error
                return
            damaged = True
            part.unlink(missing_ok=True)
            break
    if damaged:
        raise refused("checksum", file=file.name)
    raise refused("offline", name=title, reason=reason)


def _receive(address: str, part: Path, size: int, told: Callable[[int], None]) -> None:
    """Append what is missing to `part`, flushed to the disk. Raises OSError or HTTPException when the line breaks."""
    have = _size(part)
    if have >= size:
        if have > size:
            part.unlink()
        else:
            return
        have = 0
    request = urllib.request.Request(address, headers={"User-Agent": "tensorloom", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    answer = cast(_Answer, urllib.request.urlopen(request, timeout=_TIMEOUT_S))
    try:
        resumes = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if have and not resumes:
            have = 0  # this mirror cannot go on in the middle
        with _opened(part, "ab" if have else "wb") as stream:
            told(have)
            while have < size:
                chunk = answer.read1(min(_CHUNK, size - have))
                if not chunk:
                    raise http.client.IncompleteRead(b"", size - have)
                _write(stream, chunk, part)
                have += len(chunk)
                told(have)
            os.fsync(stream.fileno())
    finally:
        answer.close()


def _opened(part: Path, mode: str) -> BinaryIO:
    try:
        return cast(BinaryIO, part.open(mode))
    except OSError as error:
        raise _not_saved(part, error) from error


def _write(stream: BinaryIO, chunk: bytes, part: Path) -> None:
    try:
        stream.write(chunk)
        stream.flush()
    except OSError as error:
        raise _not_saved(part, error) from error


def _not_saved(file: Path, error: OSError) -> Refused:
    if error.errno == errno.ENOSPC:
        return refused("disk-full", file=file.name)
    return refused("save-failed", file=file.name, reason=error.strerror or str(error))


def _is_whole(path: Path, file: RemoteFile) -> bool:
    if _size(path) != file.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _reason(error: Exception) -> str:
    """What went wrong, in a few words for a sentence."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, http.client.IncompleteRead | ConnectionError):
        return "the connection broke off"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "the server does not answer"
    if isinstance(cause, ConnectionError):
        return "the server refused the connection"
    return "the server cannot be reached"
