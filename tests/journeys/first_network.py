"""A first network, made by hand from an empty canvas to a saved file; as a script, in a window's process of its own.

`python -P tests/journeys/first_network.py FOLDER` ends by printing a JSON object that tells whether torch was loaded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import Qt

from tests.journeys.hands import Hands

TOO_MANY = 20_000
FURTHER = 20
RATE = 0.02


def draw(hands: Hands) -> None:
    """An empty canvas, three blocks from the palette, a wire that does not fit and its repair, ten units."""
    hands.menu("File", "New")
    assert not hands.graph.blocks
    assert hands.window.editor.empty.isVisible(), "an empty canvas says how to begin"
    hands.show_place(340, 160)
    hands.wait_ready()
    input = hands.drag_from_palette("input", 60, 120)
    dense = hands.drag_from_palette("dense", 340, 120)
    loss = hands.drag_from_palette("cross_entropy", 620, 120)
    hands.wait_analysed()
    assert any("receives nothing" in sentence for sentence in hands.sentences())

    refused = hands.wire((input, "image"), (dense, "input"))
    assert refused is not None, "a picture does not fit a dense block"
    assert "Dense expects N×features but receives N×1×8×8" in refused.sentence
    assert "Flatten" in refused.sentence
    popup = hands.window.editor.refusal
    assert popup.offers
    assert popup.buttons[0].text() == "Insert Flatten"
    pointer = hands.window.editor.view.mapToParent(hands.spot(*hands.port((dense, "input"), True)))
    assert popup.geometry().adjusted(-24, -24, 24, 24).contains(pointer), "the reason stands at the cursor"
    assert not hands.wires()
    hands.key(Qt.Key.Key_F)
    assert not popup.isVisible()
    flatten = hands.block("flatten")
    assert hands.wires() == {((input, "image"), (flatten, "input")), ((flatten, "output"), (dense, "input"))}

    hands.wait_analysed()
    assert hands.wire((dense, "output"), (loss, "logits")) is None
    assert hands.wire((input, "label"), (loss, "target")) is None
    hands.set_parameter(dense, "out_features", "10")
    assert hands.value(dense, "out_features") == 10
    hands.wait_analysed()
    assert hands.sentences() == []
    specs = hands.workspace.analysis.analysis.specs
    assert specs[f"{flatten}/output"].per_sample == "64"
    assert specs[f"{dense}/output"].per_sample == "10"


def train(hands: Hands) -> None:
    """Run, pause, another learning rate, fewer epochs, resume, to the end."""
    bar = hands.window.run_bar
    hands.type_into(bar.epochs, str(TOO_MANY))
    assert hands.workspace.document.settings.plan.stages[0].epochs == TOO_MANY
    hands.press_run_button("Run")
    hands.wait(lambda: hands.losses > 0, "the first loss point")
    hands.press_run_button("Pause")
    hands.wait_phase("paused")
    hands.wait(lambda: "Paused at epoch" in hands.run_words, "the words")
    history = hands.workspace.history
    paused_at = hands.losses
    assert 0 < paused_at < TOO_MANY * history.steps_per_epoch
    hands.rest(200)
    assert hands.losses == paused_at, "a paused run stands still"

    hands.type_into(bar.learning_rate, str(RATE))
    assert hands.workspace.document.settings.plan.stages[0].learning_rate == RATE
    epochs = history.epochs_done + FURTHER
    hands.type_into(bar.epochs, str(epochs))
    hands.press_run_button("Resume")
    hands.wait(lambda: hands.losses > paused_at, "further loss points")
    hands.wait_phase("finished")
    assert hands.workspace.history is history
    assert hands.losses == epochs * history.steps_per_epoch
    assert [mark.value for mark in history.marks if mark.name == "learning_rate"] == [RATE]
    assert all(paused_at <= mark.step <= paused_at + 1 for mark in history.marks)
    assert history.epochs_done == epochs
    assert history.losses.array()[-1] < history.losses.array()[0] / 2
    assert history.test["accuracy"] > 0.9
    views = hands.window.live_views
    assert [spec.kind for spec in views.views()] == ["loss", "filters", "latent"]
    tiles = [views.tile(spec.id) for spec in views.views()]
    assert all(tile.isVisible() for tile in tiles)
    assert tiles[1].view.block == hands.block("dense")
    hands.wait(lambda: tiles[1].view.step == tiles[2].view.step == history.step, "filters and latent space of the end")
    assert f"Finished {epochs} epoch" in hands.run_words.replace("\N{THIN SPACE}", "")


def save_and_reopen(hands: Hands, path: Path) -> None:
    """Save, open an empty canvas, open the file again: graph, weights and curves are equal."""
    hands.save_as(path)
    graph, settings = hands.graph, hands.workspace.document.settings
    curves = all_curves(hands)
    weights = saved_weights(path)
    assert {name.partition(".")[2] for name in weights} == {"weight", "bias"}

    hands.menu("File", "New")
    assert not hands.graph.blocks
    assert hands.workspace.history is None
    hands.open_file(path)
    assert hands.graph == graph
    assert hands.workspace.document.settings == settings
    assert all_curves(hands) == curves
    assert not hands.workspace.is_changed
    hands.wait(lambda: hands.workspace.measures.has_session, "the session with the weights of the file")
    assert session_weights(hands, path.with_name("exported.safetensors")) == sorted(weights.values())
    hands.wait_analysed()
    assert hands.window.run_bar.slot.accessibleName() == "Continue"
    assert hands.run_words.startswith("Trained ")


def all_curves(hands: Hands) -> dict[str, bytes]:
    """Every curve of the run, as bytes."""
    arrays, _ = hands.workspace.history.arrays()
    return {name: array.tobytes() for name, array in arrays.items()}


def saved_weights(path: Path) -> dict[str, bytes]:
    """The weights in a project file by their keys, as bytes."""
    import zipfile

    from safetensors.numpy import load

    with zipfile.ZipFile(path) as archive:
        tensors = load(archive.read("weights.safetensors"))
    return {name: array.tobytes() for name, array in tensors.items() if ":" not in name}


def session_weights(hands: Hands, path: Path) -> list[bytes]:
    """The weights that the worker holds now, through File, Export weights, as bytes in order."""
    from safetensors.numpy import load_file

    hands.menu("File", "Export weights")
    hands.file_dialog(path)
    hands.wait(path.exists, "the exported weights")
    return sorted(array.tobytes() for array in load_file(path).values())


def journey(hands: Hands, folder: Path) -> None:
    """All of it."""
    draw(hands)
    train(hands)
    save_and_reopen(hands, folder / "first network.loom")


def main(folder: Path) -> int:
    """The journey in this process, which must not have loaded torch at its end."""
    from app.launch import application

    application()
    hands = Hands.open(folder / "state")
    try:
        journey(hands, folder)
    finally:
        hands.close()
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] == "torch")
    sys.stdout.write(json.dumps({"reports": hands.reports, "torch": loaded}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
