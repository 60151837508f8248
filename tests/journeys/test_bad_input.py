"""Bad input at the window and at the command line: one sentence that helps, and everything else stays whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from broken_files import damaged, drawn, idx_folder, project_file, sound_file
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Graph
from engine.graph.problem import Problem
from engine.project.drawing import Drawing
from engine.project.project_file import read_project
from engine.training.plan import Plan, Supervised

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen

# What each damaged file is told to be.
FAULTS = {
    "truncated": ("cut short",),
    "empty": ("is empty",),
    "foreign": ("is not a Tensorloom project", "Choose a .loom file"),
    "newer": ("newer version", "999", "Update"),
    "deep": ("deep",),
    "wire": ("nobody", "is damaged"),
    "block": ("is damaged", "cannot be read"),
    "byte": ("is damaged",),
}


@pytest.fixture
def command(capfd):
    """Runs one command as typed; its exit code and what it said on stderr. No traceback, ever."""

    def run(*arguments: object) -> tuple[int, str]:
        from app.cli.commands import main

        code = main([str(argument) for argument in arguments])
        said = capfd.readouterr().err
        assert "Traceback" not in said
        return code, said

    return run


@pytest.fixture
def refuses(command):
    """Runs a command that must end with 1 and one line that holds some words."""

    def run(*arguments: object, words: tuple[str, ...]) -> str:
        code, said = command(*arguments)
        assert code == 1, said
        lines = [line for line in said.splitlines() if line.strip()]
        assert len(lines) == 1, said
        assert all(word in said for word in words), said
        return said

    return run


# --- wires and parameters, in the hand -----------------------------------------------------------------------


def test_wires_that_cannot_be_are_refused_with_the_reason_at_the_cursor(warm_hands) -> None:
    hands = warm_hands
    hands.menu("File", "New")
    hands.show_place(400, 200)
    input = hands.drag_from_palette("input", 60, 80)
    first = hands.drag_from_palette("relu", 320, 40)
    second = hands.drag_from_palette("relu", 560, 160)
    convolution = hands.drag_from_palette("conv2d", 320, 300)
    hands.wait_analysed()
    assert hands.wire((first, "output"), (second, "input")) is None
    hands.wait_analysed()
    graph, undo = hands.graph, hands.workspace.document.undo_stack.count()

    def refused(words: tuple[str, ...], problem: object) -> None:
        assert problem is not None
        assert all(word in problem.sentence for word in words), problem.sentence
        assert hands.window.editor.refusal.isVisible()
        assert hands.graph == graph
        assert hands.workspace.document.undo_stack.count() == undo
        hands.key(Qt.Key.Key_Escape)
        assert not hands.window.editor.refusal.isVisible()

    refused(("loop", "ReLU"), hands.wire((second, "output"), (first, "input")))
    refused(("ReLU", "already receives", "Replace that wire"), hands.wire((input, "image"), (second, "input")))
    refused(("Convolution", "label"), hands.wire((input, "label"), (convolution, "input")))
    hands.drag(hands.port((first, "output"), False), hands.port((convolution, "output"), False))
    refused(("Two outputs cannot be joined", "from an output to an input"), hands.refusal)


def test_parameters_that_cannot_be_are_said_below_the_field(warm_hands) -> None:
    hands = warm_hands
    (first, *_) = (id for id, block in hands.graph.blocks.items() if block.type == "conv2d")
    before = hands.graph
    field = hands.parameter(first, "out_channels")
    for typed, words in (("0", "out of range: 1"), ("8 *", ""), ("width * 2", "width"), ("2.5", "whole number")):
        hands.type_into(field, typed)
        assert field.error(), typed
        assert words in field.error()
        assert hands.graph == before
        hands.key(Qt.Key.Key_Escape)
    hands.type_into(hands.window.run_bar.learning_rate, "-1")
    assert "out of range" in hands.window.run_bar.learning_rate.error() or hands.window.run_bar.learning_rate.error()
    assert hands.workspace.document.settings.plan.stages[0].learning_rate > 0


def test_the_command_line_refuses_such_parameters(refuses, tmp_path: Path) -> None:
    file = project_file(tmp_path / "net.loom", drawn("loss"))
    refuses("train", file, "--set", "classes.out_features=0", words=("Units of Dense “classes”", "out of range: 1"))
    refuses("train", file, "--set", "classes.out_features=8 *", words=("classes", "cannot be"))
    refuses("train", file, "--set", "classes.wings=2", words=("no parameter wings",))
    refuses("train", file, "--epochs", "0", words=("Epochs", "out of range"))


# --- drawings that cannot run ------------------------------------------------------------------------------------


DRAWINGS = {
    "empty": (lambda: Drawing(BLOCK_TYPES), ("The drawing is empty", "Drag an Input")),
    "no loss": (drawn, ("Nothing tells the network what to learn", "Add a loss")),
    "no target": (lambda: drawn("loss", target=False), ("loss", "has no target", "Wire the labels")),
}


@pytest.mark.parametrize("kind", DRAWINGS)
def test_the_command_line_says_why_a_drawing_cannot_run(command, tmp_path: Path, kind: str) -> None:
    make, words = DRAWINGS[kind]
    file = project_file(tmp_path / "net.loom", make())
    for name in ("check", "train"):
        code, said = command(name, file)
        assert code == 1, (name, said)
        assert all(word in said for word in words), (name, said)


def test_the_window_says_why_drawings_cannot_run(warm_hands, tmp_path: Path) -> None:
    hands = warm_hands
    for kind, (make, words) in DRAWINGS.items():
        hands.open_file(project_file(tmp_path / f"{kind}.loom", make()))
        hands.wait_analysed()
        said = [sentence for sentence in hands.sentences() if all(word in sentence for word in words)]
        assert said, (kind, hands.sentences())
        assert not hands.window.run_bar.slot.isEnabled()
        assert not hands.window.actions_table["toggle_run"].isEnabled()
        if kind == "empty":
            assert "Nothing to run yet" in hands.run_words
            continue
        assert "stop the run" in hands.run_words or "stops the run" in hands.run_words
        hands.click(hands.window.run_bar.message.link)
        assert hands.window.problem_popup.isVisible()
        rows = hands.rows_of_problems()
        assert any(row.problem.sentence == said[0] for row in rows)
        if kind == "no target":
            row = next(row for row in rows if row.problem.sentence == said[0])
            hands.click(row)
            assert hands.window.editor.selected_ids() == ("loss",)
        hands.window.problem_popup.hide()


# --- files ------------------------------------------------------------------------------------------------------


def test_the_window_refuses_damaged_files_and_keeps_the_open_work(warm_hands, tmp_path: Path) -> None:
    hands = warm_hands
    (first, *_) = (id for id, block in hands.graph.blocks.items() if block.type == "conv2d")
    hands.set_parameter(first, "out_channels", "12")
    graph = hands.graph
    for kind, words in FAULTS.items():
        file = damaged(tmp_path / f"{kind}.loom", kind)
        data = file.read_bytes()
        hands.menu("File", "Open …")
        hands.file_dialog(file)
        hands.wait(lambda name=file.name: name in hands.notice, f"a sentence about {file.name}")
        assert all(word in hands.notice for word in words), hands.notice
        assert hands.notice.endswith(".")
        assert hands.graph == graph
        assert hands.workspace.document.undo_stack.canUndo()
        assert file.read_bytes() == data
    hands.open_file(sound_file(tmp_path / "sound.loom"))
    assert not hands.workspace.document.undo_stack.canUndo()


@pytest.mark.parametrize("kind", FAULTS)
def test_the_command_line_refuses_damaged_files(refuses, tmp_path: Path, kind: str) -> None:
    file = damaged(tmp_path / f"{kind}.loom", kind)
    data = file.read_bytes()
    for name in ("check", "train", "evaluate"):
        refuses(name, file, words=(file.name, *FAULTS[kind]))
    refuses("render", file, "-o", tmp_path / "out.png", words=(file.name,))
    assert file.read_bytes() == data


def test_a_damaged_file_given_at_the_start_is_told_over_the_first_example(open_hands, tmp_path: Path) -> None:
    hands = open_hands(damaged(tmp_path / "net.loom", "truncated"))
    assert "net.loom is cut short" in hands.notice
    assert hands.graph.blocks


def test_a_full_disk_while_saving(warm_hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = warm_hands
    file = tmp_path / "net.loom"
    hands.save_as(file)
    data = file.read_bytes()
    (first, *_) = (id for id, block in hands.graph.blocks.items() if block.type == "conv2d")
    hands.set_parameter(first, "out_channels", "12")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("engine.project.atomic_file.os.fsync", full)
        hands.menu("File", "Save")
        hands.wait(lambda: "net.loom could not be saved: the disk is full" in hands.notice, "the sentence")
        assert "Free some space" in hands.notice
        hands.wait(lambda: hands.workspace.store._pending is None or hands.workspace.store._pending.done(), "the disk")
    assert file.read_bytes() == data
    assert hands.workspace.is_changed
    assert hands.value(first, "out_channels") == 12
    hands.menu("File", "Save")
    hands.wait(lambda: not hands.workspace.is_changed, "the saved file")
    assert read_project(file).graph == hands.graph


def test_a_full_disk_at_the_command_line(refuses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sound_file(tmp_path / "net.loom")
    data = file.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.project.atomic_file.os.fsync", full)
    refuses(
        "new", "digits-dense", "-o", tmp_path / "new.loom", words=("new.loom could not be saved: the disk is full",)
    )
    full_disk = ("net.loom could not be saved: the disk is full",)
    refuses("export", "digits-dense", "--to", "python", "-o", file, words=full_disk)
    assert file.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["net.loom"]


# --- data, device, numbers ------------------------------------------------------------------------------------


IDX_FAULTS = {"missing": ("holds no t10k-labels-idx1-ubyte",), "short": ("train-images-idx3-ubyte", "cut short")}


@pytest.mark.parametrize("fault", IDX_FAULTS)
def test_the_command_line_refuses_missing_and_short_idx_files(refuses, tmp_path: Path, fault: str) -> None:
    drawing = drawn("loss", dataset="mnist", fields=("image: 1×28×28 float32", "label: 10 classes"))
    file = project_file(tmp_path / "net.loom", drawing)
    folder = idx_folder(tmp_path / "idx", fault)
    refuses("train", file, "--data", folder, "--device", "cpu", words=IDX_FAULTS[fault])


def test_the_window_says_which_idx_file_is_missing_or_short(warm_hands, tmp_path: Path) -> None:
    hands = warm_hands
    input = hands.block("input")
    for fault, words in IDX_FAULTS.items():
        graph = hands.graph
        hands.pick(input)
        hands.choose_in(hands.window.inspector.data_section().dataset.field(), "Folder of IDX files")
        dialog = hands._dialog()
        assert dialog.fileMode() == QFileDialog.FileMode.Directory
        hands.file_dialog(idx_folder(tmp_path / fault, fault))

        def said() -> str:
            return " ".join([hands.notice, hands.window.inspector.data_section().download.sentence.text()])

        hands.wait(lambda words=words: all(word in said() for word in words), f"{words} in {said()!r}")
        assert hands.graph == graph


def test_what_was_said_of_a_wrong_folder_goes_once_the_right_one_is_chosen(warm_hands, tmp_path: Path) -> None:
    hands = warm_hands
    hands.pick(hands.block("input"))

    def choose(folder: Path) -> None:
        hands.choose_in(hands.window.inspector.data_section().dataset.field(), "Folder of IDX files")
        hands.file_dialog(folder)

    choose(idx_folder(tmp_path / "wrong", "missing"))
    hands.wait(lambda: "holds no t10k-labels-idx1-ubyte" in hands.notice, "the notice")
    choose(idx_folder(tmp_path / "right"))
    hands.wait(lambda: hands.workspace.document.settings.datasets[-1].folder == str(tmp_path / "right"), "the dataset")
    assert hands.notice == ""
    choose(idx_folder(tmp_path / "other", "missing"))
    hands.wait(lambda: "holds no t10k-labels-idx1-ubyte" in hands.notice, "the notice")
    hands.window.notice.show_problem(Problem("offline", facts={"name": "MNIST", "reason": "no route"}))
    said = hands.notice
    answers: list[object] = []
    hands.workspace.data.described.connect(lambda message: answers.append((message.folder, message.problem)))
    choose(tmp_path / "right")
    hands.wait(lambda: (str(tmp_path / "right"), None) in answers, "the answer")
    assert hands.notice == said, "it is of something else"


def test_a_device_that_is_not_here(open_hands, refuses, tmp_path: Path) -> None:
    plan = Plan(stages=(Supervised(epochs=2),), device="cuda:7")
    file = project_file(tmp_path / "net.loom", drawn("loss"), plan)
    refuses("train", file, words=("cuda:7", "is not on this machine", "Choose one of auto, cpu"))
    refuses("train", file, "--device", "tpu", words=("tpu", "is not on this machine"))
    hands = open_hands(file)
    hands.wait_ready()
    hands.wait(lambda: hands.window.run_bar.slot.isEnabled(), "the analysis")
    hands.press_run_button("Run")
    hands.wait_phase("failed")
    assert "The device cuda:7 is not on this machine" in hands.run_words
    hands.choose_in(hands.window.run_bar.device, "CPU")
    hands.press_run_button("Run")
    hands.wait_phase("finished")


def two_layers() -> Drawing:
    """Two dense blocks without anything between them: a rate that is too high grows without bound."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset="digits")
    drawing.add("flatten", "flatten", (200, 0))
    drawing.add("hidden", "dense", (400, 0))
    drawing.add("dense", "dense", (600, 0), out_features=10)
    drawing.add("loss", "cross_entropy", (800, 0))
    drawing.chain("input.image", "flatten", "hidden", "dense", "loss.logits")
    drawing.wire("input.label", "loss.target")
    return drawing


def test_a_loss_that_becomes_nan(open_hands, refuses, tmp_path: Path) -> None:
    plan = Plan(stages=(Supervised(epochs=50, learning_rate=1e6, optimiser="sgd"),), device="cpu")
    file = project_file(tmp_path / "net.loom", two_layers(), plan)
    refuses("train", file, words=("Loss became NaN at epoch 1, step", "Try a learning rate of"))
    hands = open_hands(file)
    hands.wait_ready()
    hands.press_run_button("Run")
    hands.wait_phase("failed")
    assert "Loss became NaN at epoch 1, step" in hands.run_words
    graph: Graph = hands.graph
    offer = hands.window.run_bar.message.link
    assert offer.text() == "Try 0.01"
    hands.click(offer)
    assert hands.workspace.document.settings.plan.stages[0].learning_rate == 0.01
    hands.wait_phase("finished")
    assert hands.graph == graph
