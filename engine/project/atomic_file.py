"""Writing a file so that it is either wholly new or wholly old, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.graph.problem import Refused, refused

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
_STALE_AFTER_S = 600
NO_FILE = "it is a device or a pipe, no file"


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Let `write` fill a new file that then takes the place of `path`; a link is followed.

    The temporary lies in the same folder, is synced before the rename, and is gone afterwards in every case but a kill
    (such leftovers go with the next save). Raises Refused `disk-full` or `save-failed`, the old file untouched.
    """
    temporary: Path | None = None
    try:
        path = path.resolve()
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if not path.name:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if is_device_or_pipe(path):
            # the rename would put a file in its place: for root, of /dev/null
            raise OSError(errno.EINVAL, NO_FILE)
        remove_leftovers(path, _STALE_AFTER_S)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
        with temporary.open("xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            with suppress(OSError):
                shutil.copymode(path, temporary)
        os.replace(temporary, path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as fault:
        raise saving_refused(path, fault) from fault
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def is_device_or_pipe(path: Path) -> bool:
    """Whether something is there that is neither a file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def saving_refused(path: Path, fault: OSError) -> Refused:
    """The sentence for a file that could not be written."""
    if fault.errno in _FULL:
        return refused("disk-full", file=path.name)
    return refused("save-failed", file=path.name, reason=reason_of(fault))


def reason_of(fault: OSError) -> str:
    """What the system says, as part of a sentence: `permission denied`."""
    words = fault.strerror or str(fault) or type(fault).__name__
    return words[:1].lower() + words[1:]


def remove_leftovers(path: Path, older_than_s: float) -> None:
    """Delete what writers of `path` that were killed have left; a younger one may still be written."""
    for leftover in path.parent.glob(f".{_literal(path.name)}.*.tmp"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime >= older_than_s:
                leftover.unlink()


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder; the rename itself is what counts there
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
