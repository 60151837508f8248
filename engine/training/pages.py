"""Memory that a step frees stays for the next one, where the C library lets itself be told so (glibc). No torch."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Numbers of mallopt's options, from glibc's malloc.h."""
_KEPT_BYTES = 512 << 20
_MAPPED_BYTES = 32 << 20
"""The most that glibc takes."""


def keep_pages() -> bool:
    """Have freed memory kept; whether the C library could be told. Best before the thread begins that trains.

    Otherwise glibc hands the activations of every step back to the system, and is given new pages, each of which the
    system clears first: 5 to 20 percent of a step of six convnets. Threads share one heap, as those of their own are
    unmapped whenever they empty.
    """
    library = _library()
    if library is None:
        return False
    told = [
        library.mallopt(option, value)
        for option, value in (
            (_ARENA_MAX, 1),
            (_MMAP_THRESHOLD, _MAPPED_BYTES),
            (_TRIM_THRESHOLD, _KEPT_BYTES),
        )
    ]
    return all(told)


def give_back_pages() -> None:
    """Hand free memory back to the system."""
    library = _library()
    if library is not None:
        library.malloc_trim(0)


def _library() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL(None)
    except OSError:
        return None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
