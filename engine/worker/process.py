"""The worker process: `python -P -m engine.worker.process`, frames in at stdin and out at what was stdout."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Serve until the window says Quit or is gone. What anything prints goes to stderr, never between the frames."""
    # until it is warm: what is imported stays, and looking for garbage among it took a fifth of the time
    gc.disable()
    outgoing = os.dup(1)
    os.dup2(2, 1)
    incoming = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (outgoing, incoming):
            msvcrt.setmode(descriptor, os.O_BINARY)
    with suppress(ValueError, OSError):
        # Ctrl-C in the terminal of the window reaches its children too; the window decides
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.training.pages import keep_pages
    from engine.worker.service import Service

    keep_pages()
    with os.fdopen(incoming, "rb") as commands, os.fdopen(outgoing, "wb") as answers:
        Service(commands, answers, BLOCK_TYPES).serve()
        # without torch's own tear-down, which takes its time and may wait for threads
        os._exit(0)


if __name__ == "__main__":
    main()
