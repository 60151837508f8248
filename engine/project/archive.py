"""The zip around a project: written the same bytes every time, read with limits."""

from __future__ import annotations

import errno
import io
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from engine.graph.problem import Refused, refused
from engine.project.atomic_file import is_device_or_pipe, reason_of, write_atomically

MANIFEST = "project.json"
WEIGHTS = "weights.safetensors"
HISTORY = "history.safetensors"

LARGEST_JSON = 64 << 20
_FREE_SIZE = 64 << 20
_LARGEST_RATIO = 20
_MOST_MEMBERS = 1000
_THE_DATE = (1980, 1, 1, 0, 0, 0)
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)


class Check(Protocol):
    """Raises ValueError where a member of `size` bytes is not what it should be."""

    def __call__(self, stream: BinaryIO, size: int) -> None: ...


@dataclass(frozen=True)
class Member:
    """One member of the project zip at `path`, to be copied into another, or into its own successor."""

    path: Path
    name: str


Part = bytes | Path | Member


def write_archive(path: Path, parts: Mapping[str, Part]) -> None:
    """Write `parts` by name, bytes or files copied as they are, in place of `path`; see `write_atomically`.

    Nothing is deflated and nothing tells the time, so equal parts are equal bytes from every process.
    """

    def write(stream: BinaryIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, part in parts.items():
                with _source(part) as (source, size):
                    member = zipfile.ZipInfo(name, _THE_DATE)
                    member.create_system = 3
                    member.external_attr = 0o644 << 16
                    member.file_size = size
                    with archive.open(member, "w", force_zip64=size > (1 << 30)) as target:
                        shutil.copyfileobj(source, target, 1 << 20)

    write_atomically(path, write)


@contextmanager
def _source(part: Part) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(part, bytes):
        yield io.BytesIO(part), len(part)
    elif isinstance(part, Path):
        with part.open("rb") as stream:
            yield stream, part.stat().st_size
    else:
        with open_archive(part.path) as archive, archive.open(part.name) as (stream, size):
            yield stream, size


class Archive:
    """An open project zip; every fault in it is a Refused that names the file."""

    def __init__(self, file: str, zip: zipfile.ZipFile) -> None:
        self._file, self._zip = file, zip

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def checksum(self, name: str) -> str:
        """A short text that differs where the member differs."""
        member = self._zip.getinfo(name)
        return f"{member.CRC:08x}{member.file_size:x}"

    @contextmanager
    def open(self, name: str, limit: int | None = None) -> Iterator[tuple[BinaryIO, int]]:
        """The member as a stream, and its size: at most `limit`, else what its packed size makes believable."""
        member = self._member(name, limit)
        with self._told(name), self._zip.open(member) as stream:
            yield stream, member.file_size  # type: ignore[misc]

    def read(self, name: str, limit: int | None = None) -> bytes:
        """The whole member."""
        with self.open(name, limit) as (stream, size):
            data = stream.read(size + 1)
            if len(data) != size:
                raise zipfile.BadZipFile("size")
            return data

    def check(self, name: str, check: Check) -> None:
        """Look at the member without reading all of it."""
        with self.open(name) as (stream, size):
            check(stream, size)

    def extract(self, name: str, target: Path) -> None:
        """Write the member to the file `target`, which appears only when it is whole."""

        def write(stream: BinaryIO) -> None:
            with self.open(name) as (source, _):
                shutil.copyfileobj(source, stream, 1 << 20)

        write_atomically(target, write)

    def _member(self, name: str, limit: int | None) -> zipfile.ZipInfo:
        member = self._zip.getinfo(name)
        if limit is None:
            limit = max(_FREE_SIZE, _LARGEST_RATIO * member.compress_size)
        if member.file_size > limit:
            raise refused("file-too-large", file=self._file, part=name, limit=limit >> 20)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refused("file-part", file=self._file, part=name)
        return member

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except Refused:
            raise
        except _FAULTS as fault:
            raise refused("file-part", file=self._file, part=name) from fault


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The project zip at `path`. Raises Refused where it is missing, unreadable, empty, cut short or something else."""
    file = path.name
    try:
        if is_device_or_pipe(path):
            # a pipe waits for who writes into it, a device such as /dev/zero has no end
            raise refused("not-a-project", file=file)
        stream = path.open("rb")
    except FileNotFoundError as fault:
        raise refused("file-missing", file=file) from fault
    except OSError as fault:
        if fault.errno == errno.ENAMETOOLONG:
            raise refused("file-missing", file=file) from fault
        raise refused("file-unreadable", file=file, reason=reason_of(fault)) from fault
    with stream:
        try:
            start = stream.read(4)
            if not start:
                raise refused("file-empty", file=file)
            zip = zipfile.ZipFile(stream)
        except _FAULTS as fault:
            if isinstance(fault, Refused):
                raise
            raise refused("file-cut-short" if start == b"PK\x03\x04" else "not-a-project", file=file) from fault
        except OSError as fault:
            raise refused("file-unreadable", file=file, reason=reason_of(fault)) from fault
        names = zip.namelist()
        if MANIFEST not in names or len(names) > _MOST_MEMBERS:
            raise refused("not-a-project", file=file)
        for name in (MANIFEST, WEIGHTS, HISTORY):
            if names.count(name) > 1:
                raise refused("file-key-twice", file=file, id=name)
        try:
            yield Archive(file, zip)
        except OSError as fault:
            raise refused("file-unreadable", file=file, reason=reason_of(fault)) from fault
