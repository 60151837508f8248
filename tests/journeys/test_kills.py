"""kill -9 at random moments: of the worker while it trains, of the window while a person edits."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Graph
from engine.project.recovery import RecoveryFolder
from engine.training.events import Started
from engine.training.run import CHECKPOINT_S

TOO_MANY = 100_000
KILLS = 10
FIRST_EDITS = 5
EDITOR = Path(__file__).with_name("endless_editing.py")


def test_the_worker_killed_at_random_moments_of_a_run(open_hands) -> None:
    moments = random.Random(20)
    hands = open_hands()
    hands.wait_ready()
    hands.type_into(hands.window.run_bar.epochs, str(TOO_MANY))
    runs, link = hands.workspace.runs, hands.workspace.link
    graph = hands.graph
    started: list[Started] = []
    runs.event.connect(lambda event: started.append(event) if isinstance(event, Started) else None)
    kept = 0
    for number in range(KILLS):
        begins = len(started)
        hands.press_run_button("Continue" if kept else "Run")
        if number == 2:
            hands.wait(lambda: hands.losses > 0, "loss points")
            hands.press_run_button("Pause")
            hands.wait_phase("paused")
            hands.wait(lambda: runs.checkpoint is not None, "the checkpoint of a pause")
            kept = runs.state.step
            hands.press_run_button("Resume")
        elif kept:
            hands.wait(lambda before=begins: len(started) > before, "the run to go on")
            assert started[-1].first_step == kept, "it goes on from the last checkpoint"
            assert hands.workspace.history.losses.array()[:kept].size == kept
        hands.rest(moments.randint(0, 900))
        link.client._life._process.kill()

        hands.wait(lambda: runs.state.phase == "dead", "word of the death")
        assert hands.window.isVisible()
        assert "ended unexpectedly" in hands.run_words
        assert hands.graph == graph
        offer = hands.window.run_bar.message.link
        assert offer.text() == "Start again"
        hands.click(offer)
        hands.wait(lambda: link.alive and runs.state.phase != "dead", "another worker")
        hands.wait_analysed()
        assert hands.sentences() == []
    hands.press_run_button("Continue")
    hands.wait(lambda: hands.losses > kept, "the run to go on")
    assert started[-1].first_step == kept
    assert CHECKPOINT_S <= 30
    hands.click(hands.window.run_bar.stop)
    hands.wait_phase("stopped")


def test_the_window_killed_at_random_moments_of_editing(tmp_path: Path) -> None:
    moments = random.Random(21)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
    }
    state = tmp_path / "state"
    edits: list[dict] = []
    for number in range(KILLS):
        window = subprocess.Popen(
            [sys.executable, "-P", str(EDITOR), str(state)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )
        try:
            assert window.stdout is not None
            first = window.stdout.readline()
            assert first, window.stderr.read().decode()
            opened = json.loads(first)
            assert ("ended unexpectedly" in opened["notice"]) == bool(number), opened["notice"]
            if number:
                check_recovered(opened["blocks"], edits)
            told = [first]
            while len(told) <= FIRST_EDITS or not json.loads(told[-1])["on_disk"]:
                told.append(window.stdout.readline())
            time.sleep(1.2 * moments.random())
        finally:
            window.kill()
        output, errors = window.communicate(timeout=60)
        assert window.returncode != 0, "it was killed, not ended"
        assert b"Traceback" not in errors, errors.decode()
        edits = [json.loads(line) for line in (*told, *output.splitlines(keepends=True)) if line.endswith(b"}\n")]
        assert len(edits) > FIRST_EDITS, "the window edits all the time"

    folder = RecoveryFolder(state)
    try:
        recovered = folder.read(BLOCK_TYPES)
        assert recovered is not None
        check_recovered(blocks_of(recovered.project.graph), edits)
        assert recovered.beside.changed
    finally:
        folder.close()
    leftovers = [path.name for path in (state / "window-1").iterdir() if path.suffix == ".tmp"]
    assert len(leftovers) <= 1, "a killed write leaves one temporary file at most, which the next write replaces"


def blocks_of(graph: Graph) -> list[str]:
    """The names of the blocks, in order."""
    return sorted(block.name for block in graph.blocks.values())


def check_recovered(blocks: list[str], edits: list[dict]) -> None:
    """What came back is a drawing that was there, whole, and none that is older than what was on disk."""
    same = [place for place, edit in enumerate(edits) if edit["blocks"] == blocks]
    assert same, "the drawing that came back never was"
    assert same[-1] >= edits[-1]["on_disk"] - 1, (
        f"{edits[-1]['on_disk']} of {len(edits)} were on disk, {same[-1] + 1} are back"
    )
