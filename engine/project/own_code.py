"""The user's own Python files beside a project, and which of them may run: told by the hash of what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.blocks.custom import DEFAULT_FILE, OWN_CODE, is_plain_name
from engine.graph.graph import Graph
from engine.graph.paths import bodies
from engine.graph.values import Plain
from engine.project.atomic_file import write_atomically

LARGEST_FILE = 1 << 20
STORE = "allowed-code.json"


class OwnFile(Plain, frozen=True):
    """A file that a block names: where it is, and the SHA-256 of its bytes in hexadecimal, "" where it is not there."""

    name: str
    path: str = ""
    hash: str = ""


def hash_of(data: bytes) -> str:
    """What the allowance of a file depends on: the SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def named_files(graph: Graph) -> tuple[str, ...]:
    """The files that own blocks of `graph` name at any depth, each once; what is no plain name is left out."""
    names: dict[str, None] = {}
    for _, body in bodies(graph):
        for block in body.blocks.values():
            name = block.parameters.get("file", DEFAULT_FILE)
            if block.type == OWN_CODE and isinstance(name, str) and is_plain_name(name):
                names[name] = None
    return tuple(names)


def own_file(folder: Path | None, name: str) -> OwnFile:
    """What lies in `folder` under `name`; reads it, and runs nothing."""
    if folder is None or not is_plain_name(name):
        return OwnFile(name)
    path = folder / name
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError:
        return OwnFile(name, str(path))
    return OwnFile(name, str(path), hash_of(data) if len(data) <= LARGEST_FILE else "")


def copy_along(graph: Graph, source: Path | None, target: Path) -> tuple[str, ...]:
    """Copy the own files of `graph` from one folder to another; returns those that were left as they are there.

    What is missing is passed over. Raises Refused `disk-full` or `save-failed`.
    """
    left: list[str] = []
    if source is None or source.resolve() == target.resolve():
        return ()
    for name in named_files(graph):
        there = target / name
        try:
            data = (source / name).read_bytes()
        except OSError:
            continue
        if not there.exists():
            write_atomically(there, _writer(data))
        elif own_file(target, name).hash != hash_of(data):
            left.append(name)
    return tuple(left)


class AllowedCode:
    """The hashes that the user has allowed for good, in a file of the state folder; a damaged file allows nothing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / STORE

    @property
    def hashes(self) -> frozenset[str]:
        """All that is allowed, as it is on disk."""
        return frozenset(self._read())

    def allow(self, file: OwnFile) -> None:
        """Allow what has the hash of `file` now and from now on. Raises Refused `disk-full` or `save-failed`."""
        assert file.hash, "there is a file to allow"
        known = {**self._read(), file.hash: file.path}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, _writer(msgspec.json.encode(known, order="sorted")))

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return {}


def _writer(data: bytes) -> Callable[[BinaryIO], None]:
    def write(stream: BinaryIO) -> None:
        stream.write(data)

    return write
