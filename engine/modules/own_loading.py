"""Imports the user's own Python files: only those that were allowed, and just the bytes that were."""

from __future__ import annotations

import ast
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

import msgspec
import torch

from engine.graph.problem import Refused, refused
from engine.project.own_code import LARGEST_FILE, OwnFile, hash_of, own_file

SHOWN = 12
"""How many characters of a hash people are shown."""


class Permission(msgspec.Struct, frozen=True):
    """The folder in which blocks find their files, None without one, and the hashes of what may run."""

    folder: Path | None = None
    hashes: frozenset[str] = frozenset()


class OwnCode(msgspec.Struct, frozen=True, eq=False):
    """A file that was imported; `lines` tells where its classes and functions begin, counted from 1."""

    name: str
    path: str
    hash: str
    module: ModuleType
    lines: Mapping[str, int]

    def failed(self, fault: BaseException, definition: str) -> Refused:
        """The sentence for what the user's code raised, with the line of the file where it did."""
        line = _line_of(fault.__traceback__, self.path) or self.lines.get(definition, 1)
        return refused("code-failed", file=self.name, line=line, reason=_words(fault))


class _State:
    permission = Permission()
    asked: dict[str, None] = {}
    imported: dict[tuple[str, str], OwnCode] = {}
    lock = threading.RLock()


def permit(folder: Path | None, hashes: Iterable[str]) -> None:
    """From now on blocks find their files in `folder`, and what has one of these hashes may run in this process."""
    _State.permission = Permission(folder, frozenset(hashes))


def code_folder() -> Path | None:
    """Where blocks find their files."""
    return _State.permission.folder


def fingerprint(name: str) -> tuple[OwnFile, bool]:
    """What is in the file that a block names, and whether it may run: what is known of the block depends on both."""
    _State.asked[name] = None
    permission = _State.permission
    file = own_file(permission.folder, name)
    return file, file.hash in permission.hashes


def stamp() -> tuple[tuple[OwnFile, bool], ...]:
    """The fingerprints of all files that were asked for: something is to be analysed anew where it differs."""
    return tuple(fingerprint(name) for name in tuple(_State.asked))


def load(name: str) -> OwnCode:
    """The file `name` of the project's folder, imported once for each content.

    Raises Refused `code-folder`, `code-missing`, `code-file`, `code-not-allowed`, `code-import`.
    """
    permission = _State.permission
    if permission.folder is None:
        raise refused("code-folder", file=name)
    path = permission.folder / name
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError as fault:
        raise refused("code-missing", file=name, folder=str(permission.folder)) from fault
    except OSError as fault:
        raise refused("code-file", file=name, reason=fault.strerror or str(fault)) from fault
    if len(data) > LARGEST_FILE:
        raise refused("code-file", file=name, reason=f"it is longer than {LARGEST_FILE >> 20} MB")
    hash = hash_of(data)
    if hash not in permission.hashes:
        raise refused("code-not-allowed", file=name, hash=hash[:SHOWN])
    with _State.lock:
        known = _State.imported.get((str(path), hash))
        if known is None:
            known = _State.imported[str(path), hash] = _import(name, str(path), hash, data)
        return known


class _Loader(SourceFileLoader):
    """Runs the very bytes that were hashed: neither what the file became since nor bytecode that lies beside it."""

    def __init__(self, name: str, path: str, data: bytes) -> None:
        super().__init__(name, path)
        self._data = data

    def get_code(self, fullname: str) -> CodeType | None:
        """What the bytes compile to."""
        return self.source_to_code(self._data, self.path)


def _import(name: str, path: str, hash: str, data: bytes) -> OwnCode:
    private = f"_tensorloom_own_{hash}"
    spec = importlib.util.spec_from_file_location(private, path, loader=_Loader(private, path, data))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(private)
    # Data classes look their module up while it runs.
    sys.modules[private] = module
    try:
        lines = _lines(data)
        with torch.device("cpu"):
            spec.loader.exec_module(module)
    except SyntaxError as fault:
        raise _not_imported(name, fault.lineno or 1, fault.msg, private, before) from fault
    except (Exception, SystemExit) as fault:  # noqa: BLE001 -- whatever the user's file does, the program goes on
        line = _line_of(fault.__traceback__, path) or 1
        raise _not_imported(name, line, _words(fault), private, before) from fault
    return OwnCode(name, path, hash, module, lines)


def _not_imported(name: str, line: int, reason: str, private: str, before: ModuleType | None) -> Refused:
    sys.modules.pop(private, None)
    if before is not None:
        sys.modules[private] = before
    return refused("code-import", file=name, line=line, reason=reason)


def _lines(data: bytes) -> dict[str, int]:
    """Where the classes and functions of a file begin, methods as `Class.method`."""
    found: dict[str, int] = {}
    for node in ast.parse(data).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found[node.name] = node.lineno
        if isinstance(node, ast.ClassDef):
            found.update(
                (f"{node.name}.{inner.name}", inner.lineno) for inner in node.body if isinstance(inner, ast.FunctionDef)
            )
    return found


def _line_of(traceback: TracebackType | None, path: str) -> int | None:
    """The innermost line of the file that a fault came through."""
    found = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            found = traceback.tb_lineno
        traceback = traceback.tb_next
    return found


def _words(fault: BaseException) -> str:
    """The first line of what was raised, its kind before it, without a full stop."""
    text = str(fault).strip().splitlines()
    kind = "it ends the program" if isinstance(fault, SystemExit) else type(fault).__name__
    return f"{kind}: {text[0].rstrip('.')}"[:300] if text else kind


def called(code: OwnCode, definition: str, function: Callable[..., Any], *given: Any, **settings: Any) -> Any:
    """What a function of the file returns. Raises Refused `code-failed` with its line; lets a full memory through."""
    try:
        return function(*given, **settings)
    except (Refused, torch.OutOfMemoryError, MemoryError):
        raise
    except (Exception, SystemExit) as fault:
        if "can't allocate memory" in str(fault):
            raise
        raise code.failed(fault, definition) from fault
