"""Why a worker ended, in words."""

from __future__ import annotations

import re
import signal

_FAULT_LINE = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*(Error|Exception|Interrupt|Warning)|MemoryError)(: (?P<text>.*))?$")
_LARGEST_CODE = 255
_LONGEST_FAULT = 200


def exit_words(code: int | None, last_lines: tuple[str, ...] = ()) -> str:
    """`it was killed (signal 9)` and the like, from an exit status as `Popen` gives it and the last lines of stderr."""
    if code is None:
        return "it does not answer"
    if code == 0:
        return "it ended by itself"
    if code < 0:
        return _signal_words(-code)
    fault = next((line for line in reversed(last_lines) if _FAULT_LINE.match(line)), None)
    # Windows reports faults such as access violations as large codes
    number = f"0x{code:08X}" if code > _LARGEST_CODE else str(code)
    return f"it ended with code {number}" + (f": {fault[:_LONGEST_FAULT]}" if fault else "")


def _signal_words(number: int) -> str:
    if number == getattr(signal, "SIGKILL", 9):
        return f"it was killed (signal {number}); perhaps memory ran out"
    try:
        name = signal.strsignal(number)
    except ValueError:
        name = None
    verb = "was ended" if number in (signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGHUP", 1)) else "crashed"
    return f"it {verb} (signal {number}{', ' + name.lower() if name else ''})"
