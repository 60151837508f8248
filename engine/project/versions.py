"""Versions of `project.json`, and how older ones become the present one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from engine.graph.problem import refused

FORMAT = 1
"""The version this program writes."""

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
UPGRADES: dict[int, Upgrade] = {}
"""By version: plain JSON of that version to plain JSON of the next."""


class _Version(msgspec.Struct, frozen=True):
    format: int


def upgraded(data: bytes, file: str) -> bytes:
    """The JSON `data` in the present version. Raises Refused where it is newer, of no version, or no JSON."""
    try:
        version = msgspec.json.decode(data, type=_Version).format
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise refused("file-json", file=file, reason=str(fault)) from fault
    if version > FORMAT:
        raise refused("newer", file=file, version=version, known=FORMAT)
    if version < min((FORMAT, *UPGRADES)):
        raise refused("file-json", file=file, reason=f"there is no format {version}")
    if version == FORMAT:
        return data
    plain = msgspec.json.decode(data)
    while version < FORMAT:
        plain = {**UPGRADES[version](plain), "format": version + 1}
        version += 1
    return msgspec.json.encode(plain, order="sorted")
