"""A tied autoencoder by hand: drawn, its weights shared in the inspector, trained, taken away as Python."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hands import End, Hands
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from safetensors.numpy import load, load_file

from engine.graph.graph import Weights
from graph_editor.block_parts import TWIN_AT

PIXELS, CODE = 64, 16
COUNT = PIXELS * CODE + CODE + PIXELS

RUN_EXPORTED = """
import sys
import numpy, torch
sys.path.insert(0, sys.argv[1])
import tied
model = tied.load_weights(sys.argv[1] + "/tied.safetensors")
assert model.decoder.weight is model.encoder.weight
with torch.no_grad():
    rebuilt = model(torch.from_numpy(numpy.load(sys.argv[1] + "/images.npy")))[0]
numpy.save(sys.argv[1] + "/rebuilt.npy", rebuilt.numpy())
"""


def test_a_tied_autoencoder_is_drawn_trained_and_taken_away(open_hands, tmp_path: Path) -> None:
    hands: Hands = open_hands()
    encoder, decoder = draw(hands)
    share(hands, encoder, decoder)
    train(hands)
    path = tmp_path / "tied.loom"
    hands.save_as(path)
    check_exported(tmp_path)
    delete_the_owner(hands, encoder, decoder)


def draw(hands: Hands) -> tuple[str, str]:
    """Input, Flatten, Dense 64→16, Dense 16→64, squared error against the flattened image."""
    hands.menu("File", "New")
    hands.show_place(340, 160)
    hands.wait_ready()
    input = hands.drag_from_palette("input", -20, 120)
    flatten = hands.drag_from_palette("flatten", 160, 120)
    encoder = hands.drag_from_palette("dense", 340, 120)
    decoder = hands.drag_from_palette("dense", 520, 120)
    loss = hands.drag_from_palette("squared_error", 700, 220)
    hands.wait_analysed()
    wires: list[tuple[End, End]] = [
        ((input, "image"), (flatten, "input")),
        ((flatten, "output"), (encoder, "input")),
        ((encoder, "output"), (decoder, "input")),
        ((decoder, "output"), (loss, "prediction")),
        ((flatten, "output"), (loss, "target")),
    ]
    for source, target in wires:
        assert hands.wire(source, target) is None, hands.refusal
        hands.wait_analysed()
    hands.set_parameter(encoder, "out_features", str(CODE))
    for id, name in ((encoder, "Encoder"), (decoder, "Decoder")):
        hands.pick(id)
        hands.type_into(hands.window.inspector.page.header.name, name)
    hands.wait_analysed()
    assert hands.sentences() == []
    assert hands.workspace.analysis.analysis.total.parameters == COUNT + PIXELS * CODE
    return encoder, decoder


def share(hands: Hands, encoder: str, decoder: str) -> None:
    """Weights that do not fit are refused in words, those turned round are taken; both blocks get one colour."""
    assert twin_of(hands, encoder) is None
    plain = mark(hands, encoder)
    hands.pick(decoder)
    stack = hands.workspace.document.undo_stack
    before = stack.count()
    hands.choose_in(choice(hands), "Encoder")
    hands.wait_analysed()
    assert any("cannot use the weights of “Encoder”" in sentence for sentence in hands.sentences())
    hands.choose_in(choice(hands), "Encoder, transposed")
    assert hands.body.blocks[decoder].weights == Weights(encoder, transposed=True)
    assert stack.count() == before + 2
    hands.wait_analysed()
    assert not any(problem.severity == "error" for problem in hands.problems)
    assert hands.workspace.analysis.analysis.total.parameters == COUNT
    digits = "".join(letter for letter in hands.window.status.parameters.text() if letter.isdigit())
    assert int(digits) == COUNT
    hands.rest(100)
    number = twin_of(hands, encoder)
    assert number is not None
    assert twin_of(hands, decoder) == number
    colour = hands.window.editor.theme.class_color(number).name()
    assert mark(hands, encoder) == mark(hands, decoder) == colour != plain


def train(hands: Hands) -> None:
    """Two epochs."""
    hands.type_into(hands.window.run_bar.epochs, "2")
    hands.press_run_button("Run")
    hands.wait_phase("finished")
    assert hands.workspace.history.epochs_done == 2
    losses = hands.workspace.history.losses.array()
    assert losses[-1] < losses[0] / 2


def check_exported(folder: Path) -> None:
    """The exported Python, `predict` and the weights in the file say the same."""
    dice = np.random.default_rng(1)
    images = dice.random((3, 1, 8, 8), dtype=np.float32)
    np.save(folder / "images.npy", images)
    command(folder, "export", "tied.loom", "--to", "python", "-o", "tied.py")
    assert set(load_file(folder / "tied.safetensors")) == {"encoder.weight", "encoder.bias", "decoder.bias"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUN_EXPORTED, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rebuilt = np.load(folder / "rebuilt.npy")
    with zipfile.ZipFile(folder / "tied.loom") as archive:
        tensors = load(archive.read("weights.safetensors"))
    weights = [tensor for name, tensor in tensors.items() if ":" not in name]
    (weight,) = [tensor for tensor in weights if tensor.shape == (CODE, PIXELS)]
    (inner,) = [tensor for tensor in weights if tensor.shape == (CODE,)]
    (outer,) = [tensor for tensor in weights if tensor.shape == (PIXELS,)]
    assert len(weights) == 3
    wanted = (images.reshape(3, PIXELS) @ weight.T + inner) @ weight + outer
    assert rebuilt == pytest.approx(wanted, abs=1e-5)
    said = json.loads(command(folder, "predict", "tied.loom", "images.npy", "--json"))["predictions"]
    assert np.array([row["values"] for row in said]) == pytest.approx(wanted, abs=1e-5)


def delete_the_owner(hands: Hands, encoder: str, decoder: str) -> None:
    """The encoder goes: the status bar says what becomes of its weights; undo ties them again."""
    hands.pick(encoder)
    hands.click(hands.window.inspector.page.header.menu_button)
    menu = hands.open_menu()
    assert menu is not None
    hands.choose(menu, "Delete")
    assert encoder not in hands.body.blocks
    assert hands.body.blocks[decoder].weights is None
    assert hands.window.status.message.text() == "Decoder has weights of its own now"
    hands.window.editor.view.setFocus()
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hands.body.blocks[decoder].weights == Weights(encoder, transposed=True)


def choice(hands: Hands):
    """The field that says whose weights the selected block uses."""
    field = hands.window.inspector.page.learning.sharing.choice
    hands._reveal(field)
    return field


def twin_of(hands: Hands, id: str) -> int | None:
    """The number of the colour of a block that shares weights."""
    return hands.window.editor.scene.blocks[id].twin


def mark(hands: Hands, id: str) -> str:
    """The colour on the canvas where a block has the mark of its twins."""
    left, _, _, bottom = hands.window.editor.scene.blocks[id].rectangle()
    spot = hands.window.editor.view.mapFromScene(QPointF(left + TWIN_AT - 6, bottom))
    return QColor(hands.viewport.grab().toImage().pixelColor(spot)).name()


def command(folder: Path, *words: str) -> str:
    """What `tensorloom …` prints."""
    line = [sys.executable, "-P", "-m", "app", *words]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
