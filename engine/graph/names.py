"""Names of blocks that no other block of a body has."""

from __future__ import annotations

import re
from collections.abc import Iterable

_COUNTED = re.compile(r"(.*\S) ([0-9]{1,9})", re.DOTALL)
"""A name that counts: what stands before a space and a whole number."""


class Names:
    """The names taken in one body. `take` hands out the next free one, in constant time however many are alike."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._next: dict[tuple[str, int], dict[int, int]] = {}

    def take(self, wanted: str) -> str:
        """`wanted`, or where it is taken the next free number after it; it is taken from then on.

        `Hidden` becomes `Hidden 2`, `Hidden 2` becomes `Hidden 3`; leading zeros stay: `Layer 09`, `Layer 10`.
        """
        name = wanted
        if name in self._taken:
            stem, number, width = _parts(wanted)
            # Where counting came to from each number, so that blocks that are alike do not count all over again.
            following = self._next.setdefault((stem, width), {})
            passed = []
            while name in self._taken:
                passed.append(number)
                number = following.get(number, number + 1)
                name = f"{stem} {number:0{width}d}"
            following.update(dict.fromkeys(passed, number))
        self._taken.add(name)
        return name


def _parts(name: str) -> tuple[str, int, int]:
    """What stands before the number, the number, and its digits at least; a name without a number is the first."""
    counted = _COUNTED.fullmatch(name)
    if counted is None:
        return name, 1, 1
    stem, digits = counted.groups()
    return stem, int(digits), len(digits) if digits.startswith("0") else 1
