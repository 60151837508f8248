"""The command `tensorloom`: the window, or one of the commands of `app.cli`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.display import has_display, qt_words
from engine.graph.problem import Refused

COMMANDS = (
    "check",
    "data",
    "demo",
    "evaluate",
    "examples",
    "export",
    "new",
    "predict",
    "render",
    "train",
)
WITHOUT_DISPLAY = "demo, examples, new, check, train, evaluate, predict, export, render and data"


def main(argv: list[str] | None = None) -> int:
    """Dispatch; the exit status: 0 done, 1 the user's input or system has a fault, 2 wrong usage."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and (arguments[0] in COMMANDS or arguments[0].startswith("-")):
        try:
            from app import cli

            return int(cli.main(arguments) or 0)
        except KeyboardInterrupt:  # in the imports, before the command hears of it
            return 130
    if len(arguments) > 1:
        return _say(f"tensorloom opens one file, not {len(arguments)}: tensorloom FILE", 2)
    # the window outlives the folder it is started in, and is opened again in another
    file = Path(arguments[0]).absolute() if arguments else None
    if file is not None and not os.path.exists(file) and not file.suffix:
        known = ", ".join(COMMANDS)
        return _say(f"There is no command and no file {arguments[0]}. The commands are {known}.", 2)
    if not has_display():
        return _say(f"There is no display to open a window on. These commands need none: {WITHOUT_DISPLAY}.", 1)
    try:
        from app.launch import run
    except ImportError as fault:
        words = qt_words(fault)
        if words is None:
            raise
        return _say(words, 1)
    try:
        return run(file)
    except Refused as refusal:
        return _say(refusal.problem.sentence, 1)


def _say(sentence: str, status: int) -> int:
    sys.stderr.write(sentence + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
