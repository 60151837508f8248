"""The dataset of an Input is chosen, described, downloaded and looked for in folders, with real clicks."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.panels.data_section import FOLDER
from app.panels.inspector import Inspector
from engine.data.catalogue import DATASETS
from engine.graph.edits import remove_blocks
from engine.graph.problem import Problem
from engine.training.events import Array
from engine.training.plan import DatasetRef
from engine.worker.protocol import DatasetDescribed, Downloaded, DownloadProgress
from graph_editor.document import Document
from tests.app.panels.inspected_drawing import LEFT, choose, wire
from tests.app.panels.inspecting import project

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen


def test_a_dataset_is_chosen_for_an_input_as_one_step(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("in",))
    data = inspector.data_section()
    assert data is not None
    before = document.graph
    with qtbot.waitSignal(inspector.dataset_chosen) as signal:
        choose(qtbot, data.dataset, "Iris")
    assert signal.args == [DatasetRef("iris")]
    block = document.graph.blocks["in"]
    assert block.parameters == {"dataset": "iris", "fields": ("features: 4 float32", "label: 3 classes")}
    assert document.settings.datasets == (DatasetRef("iris"),)
    assert wire("in", "label", "l", "target") in document.graph.wires
    assert all(known.source.port != "image" for known in document.graph.wires)
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.graph == before
    assert document.settings.datasets == (DatasetRef("digits"),)


def test_the_project_panel_chooses_for_its_input(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    assert document.graph.blocks["in"].parameters["dataset"] == "mnist"
    assert document.settings.datasets == (DatasetRef("mnist"),)
    choose(qtbot, project(inspector).data.dataset, "None")
    assert document.graph.blocks["in"].parameters["dataset"] == ""
    assert document.settings.datasets == ()


def test_a_description_fills_pictures_rows_and_split(inspector: Inspector) -> None:
    pictures = Array.of(np.linspace(0, 1, 16 * 64, dtype=np.float32).reshape(16, 8, 8))
    fields = DATASETS["digits"].fields
    message = DatasetDescribed(id=1, name="digits", fields=fields, rows=(1257, 270, 270), pictures=pictures)
    inspector.set_dataset_described(message)
    data = project(inspector).data
    assert len(data.pictures.images()) == 16
    assert data.pictures.isVisible()
    assert data.count.value() == "1\u2009797"
    assert data.split.value() == "70 / 15 / 15 %"


def test_a_download_runs_is_cancelled_and_says_why_it_failed(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    absent = Problem("unknown-dataset", facts={"dataset": "MNIST", "hint": "Press Download."})
    inspector.set_dataset_described(DatasetDescribed(id=1, name="mnist", problem=absent))
    area = project(inspector).data.download
    assert area.sentence.text() == absent.sentence
    with qtbot.waitSignal(inspector.download_wanted) as signal:
        qtbot.mouseClick(area.button, LEFT)
    assert signal.args == ["mnist"]
    assert area.cancel.hasFocus(), "the keyboard stays where the button was"
    assert not area.cancel.is_ringed()
    inspector.set_download(DownloadProgress(id=2, received=11_000_000, total=55_000_000))
    assert area.line.share() == pytest.approx(0.2)
    assert area.sentence.text() == "11.0 of 55.0 MB"
    with qtbot.waitSignal(inspector.download_cancelled):
        qtbot.mouseClick(area.cancel, LEFT)
    offline = Problem("offline", facts={"name": "MNIST", "reason": "no route"})
    inspector.set_download(Downloaded(id=2, problem=offline))
    assert "no route" in area.sentence.text()
    assert area.button.isVisible()
    assert area.button.hasFocus()
    assert not area.line.isVisible()


def test_a_folder_is_asked_for_and_bound_once_it_is_described(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    data = project(inspector).data
    with qtbot.waitSignal(inspector.folder_wanted):
        choose(qtbot, data.dataset, "Folder of IDX files …")
    assert data.dataset.field().value() == "digits"
    assert data.dataset.field().value() != FOLDER
    with qtbot.waitSignal(inspector.dataset_chosen) as signal:
        inspector.choose_folder("fashion", "/data/fashion")
    assert signal.args == [DatasetRef("fashion", folder="/data/fashion")]
    assert document.undo_stack.count() == 0
    fields = DATASETS["mnist"].fields
    inspector.set_dataset_described(
        DatasetDescribed(id=1, name="fashion", folder="/data/fashion", fields=fields, rows=(60, 0, 10))
    )
    assert document.settings.datasets == (DatasetRef("fashion", folder="/data/fashion"),)
    assert document.graph.blocks["in"].parameters["fields"] == ("image: 1×28×28 float32", "label: 10 classes")
    assert document.undo_stack.count() == 1


def test_a_folder_is_of_the_input_it_was_chosen_for_whatever_is_selected_when_it_is_read(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    described = DatasetDescribed(id=1, name="fashion", folder="/data/fashion", fields=DATASETS["mnist"].fields)
    other = next(id for id, block in document.graph.blocks.items() if block.type != "input")
    inspector.show_selection((), ("in",))
    inspector.choose_folder("fashion", "/data/fashion")
    inspector.show_selection((), (other,))
    assert inspector.page.data is None
    with qtbot.assertNotEmitted(inspector.edit_refused):
        inspector.set_dataset_described(described)
    assert document.graph.blocks["in"].parameters["dataset"] == "fashion"
    assert document.undo_stack.count() == 1


@pytest.mark.parametrize("gone", ["the input", "the project"])
def test_a_folder_for_what_is_gone_by_then_is_bound_to_nothing(
    inspector: Inspector, document: Document, gone: str
) -> None:
    described = DatasetDescribed(id=1, name="fashion", folder="/data/fashion", fields=DATASETS["mnist"].fields)
    inspector.show_selection((), ("in",))
    inspector.choose_folder("fashion", "/data/fashion")
    if gone == "the input":
        document.edit("Delete block", remove_blocks, ("in",))
    else:
        inspector.forget_weights()
    before = document.graph, document.settings
    inspector.set_dataset_described(described)
    assert (document.graph, document.settings) == before


def test_a_folder_is_told_from_another_of_its_name_by_its_whole_path(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    fields = DATASETS["mnist"].fields
    inspector.choose_folder("mnist", "/data/old/mnist")
    described = DatasetDescribed(id=1, name="mnist", fields=fields, rows=(60, 0, 10))
    inspector.set_dataset_described(described)
    assert document.undo_stack.count() == 0, "that was the downloaded one"
    inspector.set_dataset_described(msgspec.structs.replace(described, folder="/data/old/mnist"))
    assert document.settings.datasets[-1] == DatasetRef("mnist", folder="/data/old/mnist")
    data = project(inspector).data
    field: Any = data.dataset.field()
    assert field.text() == "MNIST in mnist"
    assert field.toolTip() == "/data/old/mnist"
    assert data.count.value() == "70"
    inspector.set_dataset_described(msgspec.structs.replace(described, folder="/data/new/mnist", rows=(5, 0, 5)))
    assert data.count.value() == "70"
    choose(qtbot, data.dataset, "MNIST in mnist")
    assert document.undo_stack.count() == 1
    choose(qtbot, data.dataset, "MNIST")
    assert document.settings.datasets[-1] == DatasetRef("mnist")
    assert project(inspector).data.dataset.field().text() == "MNIST"  # type: ignore[attr-defined]


def test_an_undo_shows_again_what_is_known_of_the_dataset_before(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    pictures = np.linspace(0, 1, 16 * 64, dtype=np.float32).reshape(16, 8, 8)
    digits = DatasetDescribed(
        id=1, name="digits", fields=DATASETS["digits"].fields, rows=(1257, 270, 270), pictures=Array.of(pictures)
    )
    inspector.set_dataset_described(digits)
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    absent = Problem("unknown-dataset", facts={"dataset": "MNIST", "hint": "Press Download."})
    inspector.set_dataset_described(DatasetDescribed(id=2, name="mnist", problem=absent))
    assert project(inspector).data.download.button.isVisible()
    document.undo_stack.undo()
    assert len(project(inspector).data.pictures.images()) == 16
    assert not project(inspector).data.download.button.isVisible()
    document.undo_stack.redo()
    assert project(inspector).data.download.button.isVisible()
    inspector.set_download(Downloaded(id=3, folder="/data/mnist"))
    document.undo_stack.undo()
    document.undo_stack.redo()
    assert not project(inspector).data.download.button.isVisible(), "it is here by now"


def test_a_folder_that_held_the_dataset_before_is_offered_with_one_click(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.set_known_folders({"mnist": "/data/mnist"})
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    area = project(inspector).data.download
    assert not area.known.isVisible(), "nobody knows yet whether it is here"
    absent = Problem("unknown-dataset", facts={"dataset": "MNIST", "hint": "Press Download."})
    inspector.set_dataset_described(DatasetDescribed(id=1, name="mnist", problem=absent))
    assert area.known.isVisible()
    assert area.button.isVisible()
    assert area.known.text() == "Use folder mnist"
    assert area.known.geometry().right() < area.width()
    with qtbot.waitSignal(inspector.dataset_chosen) as signal:
        qtbot.mouseClick(area.known, LEFT)
    assert signal.args == [DatasetRef("mnist", folder="/data/mnist")]
    described = DatasetDescribed(id=2, name="mnist", folder="/data/mnist", fields=DATASETS["mnist"].fields)
    inspector.set_dataset_described(described)
    assert project(inspector).data.dataset.field().hasFocus(), "not the switch below, which a space would turn"
    assert document.settings.datasets[-1] == DatasetRef("mnist", folder="/data/mnist")
    gone = msgspec.structs.replace(described, problem=absent, fields=())
    inspector.set_dataset_described(gone)
    assert not project(inspector).data.download.known.isVisible(), "it is the one that cannot be read"


def test_a_folder_that_cannot_be_read_is_said_and_changes_nothing(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.choose_folder("mnist", "/data/empty")
    missing = Problem("idx-missing", facts={"folder": "/data/empty", "file": "train-images-idx3-ubyte"})
    with qtbot.waitSignal(inspector.edit_refused) as signal:
        inspector.set_dataset_described(DatasetDescribed(id=1, name="mnist", folder="/data/empty", problem=missing))
    assert signal.args == [missing]
    assert document.settings.datasets == (DatasetRef("digits"),)
    assert document.undo_stack.count() == 0
