"""How long the window is busy at one go when a block is selected: the longest turn of its loop until the page shows.

`python tests/benchmarks/selection_speed.py [--json]` prints a table; with --json the last line is one object
{drawing: {"first_ms": [median, max], "again_ms": …, "nothing_ms": …, "several_ms": …}}. `first` is the first block of
each type, whose page in the inspector is made; the others are the best of three.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ROUNDS = 3
TURNS = 100
OF_EACH = 8
"""So many blocks of each type."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="the figures as an object on the last line")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="tensorloom-selection-", ignore_cleanup_errors=True) as folder:
        os.environ.update(TENSORLOOM_STATE_FOLDER=folder, XDG_CONFIG_HOME=folder)
        found = {name: _measure(name, Path(folder) / name) for name in ("digits-convnet", "resnet-18", "5000 blocks")}
    print(f"{'':16}" + "".join(f"{kind.removesuffix('_ms'):>20}" for kind in next(iter(found.values()))))
    for name, figures in found.items():
        print(f"{name:16}" + "".join(f"{f'{middle:.1f} (max {most:.1f}) ms':>20}" for middle, most in figures.values()))
    if options.json:
        print(json.dumps(found))
    return 0


def _measure(name: str, folder: Path) -> dict[str, list[float]]:
    """Median and most of each kind of selection, in ms."""
    from editor_frames import drawing  # beside this script

    from app.launch import application, process_events
    from app.main_window import MainWindow
    from app.project_store import ProjectStore
    from app.workspace import Workspace
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.recovery import RecoveryFolder

    application()
    workspace = Workspace(ProjectStore(BLOCK_TYPES, RecoveryFolder(folder)))
    workspace.open_first(None)
    window = MainWindow(workspace)
    window.resize(1600, 900)
    window.show()
    if name.endswith("blocks"):
        workspace.document.commit("Draw", drawing(int(name.split()[0])))
    else:
        workspace.open_example(name)
    process_events(1000)
    while window.editor.scene.moves.is_busy:
        process_events(100)
    gc.collect()
    gc.freeze()

    def took(ids: Iterable[str]) -> float:
        process_events(10)
        turns = [time.perf_counter()]
        window.editor.select(ids)
        # What is posted for later, the painting and what is made turn by turn belong to it.
        process_events(0)
        turns.append(time.perf_counter())
        for _ in range(TURNS):
            process_events(0)
            turns.append(time.perf_counter())
            if window.inspector.is_settled:
                break
        process_events(0)
        turns.append(time.perf_counter())
        return 1000 * max(end - begin for begin, end in itertools.pairwise(turns))

    kinds: dict[str, list[str]] = {}
    for id, block in workspace.document.graph.blocks.items():
        kinds.setdefault(block.type, []).append(id)
    blocks = [id for ids in kinds.values() for id in ids[:OF_EACH]]
    first = [took([ids[0]]) for ids in kinds.values()]
    again = [[took([id]) for id in blocks] for _ in range(ROUNDS)]
    none, several = [], []
    for _ in range(ROUNDS):
        several.append([took(blocks[:count]) for count in (2, 3, len(blocks))])
        none.append([took([])])
    window.close()
    window.deleteLater()
    return {"first_ms": _figures([first]), "again_ms": _figures(again)} | {
        "nothing_ms": _figures(none),
        "several_ms": _figures(several),
    }


def _figures(rounds: list[list[float]]) -> list[float]:
    best = [min(times) for times in zip(*rounds, strict=True)]
    return [round(statistics.median(best), 2), round(max(best), 2)]


if __name__ == "__main__":
    sys.exit(main())
