"""The editor with real mouse and keys: containers, names, clipboard, badges, menus, what stands around the canvas."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from engine.graph.analysis import Analysis
from engine.graph.edits import move, remove_blocks, rename, set_weights
from engine.graph.graph import Graph, Look, PortRef, Weights
from engine.graph.problem import Fix, Problem
from graph_editor.context_menus import menu_at
from graph_editor.editor import Editor
from tests.graph_editor.conftest import digits_analysis, spec

replace = msgspec.structs.replace

CTRL = Qt.KeyboardModifier.ControlModifier


def test_double_click_enters_a_container_and_the_breadcrumb_leads_out(editor: Editor, mouse, qtbot) -> None:
    paths = []
    editor.body_path_changed.connect(lambda: paths.append(editor.body_path()))
    editor.set_title("digits-convnet", True)
    mouse.double_click(150, 370)
    assert editor.body_path() == ("rs",)
    assert editor.breadcrumb.steps == ("digits-convnet", "Residual")
    assert set(editor.scene.blocks) == {"rse", "rsc1", "rsr", "rsc2", "rsx"}
    place = editor.breadcrumb.step_rect(0).center().toPoint()
    qtbot.mouseClick(editor.breadcrumb, Qt.MouseButton.LeftButton, pos=place)
    assert editor.body_path() == ()
    assert editor.selected_ids() == ("rs",)
    assert paths == [("rs",), ()]


def test_the_expand_icon_and_enter_go_in_and_escape_out(editor: Editor, mouse) -> None:
    item = editor.scene.blocks["rs"]
    mouse.click(item.rectangle()[2] - 16, item.rectangle()[1] + 24)
    assert editor.body_path() == ("rs",)
    QTest.keyClick(editor.view, Qt.Key.Key_Escape)
    assert editor.body_path() == ()
    editor.select(["rs"])
    QTest.keyClick(editor.view, Qt.Key.Key_Return)
    assert editor.body_path() == ("rs",)


def test_undoing_the_container_away_leads_out(editor: Editor) -> None:
    editor.select(["rs"])
    editor.duplicate()
    (copy,) = editor.selected_ids()
    editor.enter(copy)
    assert editor.body_path() == (copy,)
    editor.document.undo_stack.undo()
    assert editor.body_path() == ()


def test_jump_to_a_block_inside(editor: Editor) -> None:
    editor.jump_to(("rs", "rsr"))
    assert editor.body_path() == ("rs",)
    assert editor.selected_ids() == ("rsr",)
    editor.jump_to(("ce",))
    assert editor.body_path() == ()
    assert editor.view.visible_area().contains(editor.scene.blocks["ce"].pos())
    editor.jump_to(("gone", "far"))
    assert editor.body_path() == ()


def test_deleting_an_exit_takes_the_wires_of_the_container_along_as_one_step(editor: Editor) -> None:
    before = editor.document.graph
    editor.enter("rs")
    editor.select(["rsx"])
    editor.delete_selection()
    assert PortRef("fl", "input") not in {wire.target for wire in editor.document.graph.wires}
    assert editor.document.undo_stack.count() == 1
    editor.document.undo_stack.undo()
    assert editor.document.graph == before


def test_rename_in_place(editor: Editor) -> None:
    editor.select(["de"])
    QTest.keyClick(editor.view, Qt.Key.Key_F2)
    assert editor.name_editor.isVisible()
    assert editor.name_editor.selectedText() == "Dense"
    QTest.keyClicks(editor.name_editor, "hidden")
    QTest.keyClick(editor.name_editor, Qt.Key.Key_Return)
    assert editor.document.graph.blocks["de"].name == "hidden"
    assert not editor.name_editor.isVisible()
    editor.rename_selected()
    QTest.keyClicks(editor.name_editor, "other")
    QTest.keyClick(editor.name_editor, Qt.Key.Key_Escape)
    assert editor.document.graph.blocks["de"].name == "hidden"
    assert editor.document.undo_stack.count() == 1


def test_the_name_is_edited_where_it_stands(editor: Editor) -> None:
    middles = []
    for id in ("fl", "de"):
        editor.rename_block(id)
        middles.append(editor.name_editor.geometry().center().y() - editor.view.mapFromScene(0, 320).y())
        QTest.keyClick(editor.name_editor, Qt.Key.Key_Escape)
    assert middles == pytest.approx([24, 16], abs=2), "Flatten has no second line: its name is in the middle"


def test_what_becomes_known_meanwhile_ends_no_typing_of_a_name(editor: Editor) -> None:
    editor.rename_block("de")
    QTest.keyClicks(editor.name_editor, "hid")
    beside = editor.name_editor.pos() - editor.view.mapFromScene(editor.scene.blocks["de"].pos())
    editor.set_analysis(Analysis(specs={**digits_analysis().specs, "cv/output": spec(8, 8, 8)}))
    editor.document.edit("Move", move, {"de": (560, 336)})
    assert editor.name_editor.isVisible()
    assert editor.name_editor.pos() - editor.view.mapFromScene(QPointF(560, 336)) == beside
    QTest.keyClicks(editor.name_editor, "den")
    QTest.keyClick(editor.name_editor, Qt.Key.Key_Return)
    assert editor.document.graph.blocks["de"].name == "hidden"
    assert editor.document.undo_stack.count() == 2


def test_a_block_that_is_gone_takes_the_typing_of_its_name_along(editor: Editor, qtbot) -> None:
    editor.rename_block("de")
    QTest.keyClicks(editor.name_editor, "hidden")
    with qtbot.assertNotEmitted(editor.commands.refused):
        editor.document.edit("Delete block", remove_blocks, ("de",))
    assert not editor.name_editor.isVisible()


def test_copy_cut_and_paste(editor: Editor) -> None:
    editor.select(["cv", "re"])
    editor.copy()
    editor.paste()
    assert len(editor.document.graph.blocks) == 10
    assert editor.document.undo_stack.count() == 1
    pasted = editor.selected_ids()
    assert len(pasted) == 2
    first, second = (editor.document.graph.blocks[id].look for id in pasted)
    assert {abs(first.x - second.x), abs(first.y - second.y)} == {240, 0}, "as far from each other as the originals"
    assert [wire.source.block in pasted for wire in editor.document.graph.wires].count(True) == 1
    editor.paste()
    editor.cut()
    assert len(editor.document.graph.blocks) == 10
    editor.paste()
    assert len(editor.document.graph.blocks) == 12


def test_a_duplicate_counts_on_from_its_original(editor: Editor) -> None:
    document = editor.document
    document.edit("Rename", rename, "cv", "Hidden")
    document.edit("Rename", rename, "de", "Hidden 2")
    editor.select(["de"])
    editor.duplicate()
    assert [document.graph.blocks[id].name for id in editor.selected_ids()] == ["Hidden 3"]
    editor.select(["cv", "de"])
    editor.copy()
    editor.paste()
    assert sorted(document.graph.blocks[id].name for id in editor.selected_ids()) == ["Hidden 4", "Hidden 5"]


def test_pasting_foreign_text_says_so(editor: Editor) -> None:
    told = []
    editor.message.connect(told.append)
    QApplication.clipboard().setText("a poem")
    editor.paste()
    assert told == ["The clipboard cannot be pasted: it holds no blocks. Copy blocks of a drawing first."]
    assert editor.document.undo_stack.count() == 0


def test_what_is_selected_is_sorted_once_for_all_who_ask(editor: Editor) -> None:
    editor.select_all()
    ids = editor.selected_ids()
    assert ids == tuple(sorted(editor.scene.body.blocks))
    assert editor.selected_ids() is ids
    editor.select(ids[:1])
    assert editor.selected_ids() == ids[:1]


def test_select_all_delete_and_undo(editor: Editor) -> None:
    before = editor.document.graph
    editor.select_all()
    assert len(editor.selected_ids()) == 8
    QTest.keyClick(editor.view, Qt.Key.Key_Delete)
    assert editor.document.graph == Graph()
    assert editor.empty.isVisible()
    editor.document.undo_stack.undo()
    assert editor.document.graph == before
    assert not editor.empty.isVisible()


def test_bypass_is_refused_with_a_reason_where_shapes_differ(editor: Editor) -> None:
    editor.select(["re"])
    QTest.keyClick(editor.view, Qt.Key.Key_M)
    assert editor.document.graph.blocks["re"].bypassed
    editor.toggle_bypass()
    assert not editor.document.graph.blocks["re"].bypassed
    editor.select(["mp"])
    editor.toggle_bypass()
    assert not editor.document.graph.blocks["mp"].bypassed
    assert "it receives N×16×8×8 and gives N×16×4×4" in editor.refusal.problem.sentence
    editor.select(["ce"])
    editor.toggle_bypass()
    assert "cannot be bypassed" in editor.refusal.problem.sentence


def test_a_badge_tells_the_problem_on_a_click(editor: Editor, mouse) -> None:
    facts = {"title": "Dense", "name": "Dense", "expected": "N×features", "received": "N×1", "source": "", "hint": ""}
    editor.set_analysis(Analysis(problems=(Problem(code="rank", path=("de",), port="input", facts=facts),)))
    item = editor.scene.blocks["de"]
    mouse.click(item.rectangle()[2] - 4, item.rectangle()[1])
    assert editor.refusal.offers
    assert editor.refusal.problem.headline == "Dense expects N×features but receives N×1"
    mouse.click(500, 480)
    assert not editor.refusal.isVisible()


def entries(menu: QMenu) -> list[str]:
    return [action.text().partition("\t")[0] for action in menu.actions() if not action.isSeparator()]


@pytest.mark.parametrize(
    ("fix", "gone"),
    [
        (Fix(edit="remove_blocks", arguments=(("re", "mp"),), facts={"name": "2 blocks"}), {"re", "mp"}),
        (Fix(edit="remove_and_heal", arguments=("re",), facts={"name": "ReLU"}), {"re"}),
        (Fix(edit="use_own_weights", arguments=("de",)), set()),
    ],
)
def test_every_repair_of_a_badge_does_what_it_says(editor: Editor, fix: Fix, gone: set[str]) -> None:
    before = editor.document.graph
    owner = replace(before.blocks["de"], id="d2", name="Owner")
    editor.document.commit("Two", replace(before, blocks={**before.blocks, "d2": owner}))
    editor.commands.edit("Share", set_weights, "de", Weights(of="d2"))
    problem = Problem(code="bypass", path=("re",), facts={"title": "ReLU", "name": "ReLU", "reason": "x"}, fixes=(fix,))
    editor.set_analysis(replace(digits_analysis(), problems=(problem,)))
    editor.view.problem_wanted.emit("re")
    (button,) = editor.refusal.buttons
    button.click()
    after = editor.document.graph
    assert set(before.blocks) - set(after.blocks) == gone
    assert (after.blocks["de"].weights is None) is (fix.edit == "use_own_weights")
    assert editor.document.undo_stack.undoText() == fix.label


def test_context_menus(editor: Editor) -> None:
    wanted = []
    editor.view_wanted.connect(lambda kind, key: wanted.append((kind, key)))
    editor.help_wanted.connect(wanted.append)
    block = menu_at(editor, QPointF(380, 128))
    assert entries(block) == [
        "Rename", "Duplicate", "Copy", "Bypass", "Wire to …", "Delete", "Show filters", "Show latent space", "Help",
    ]  # fmt: skip
    assert editor.selected_ids() == ("cv",)
    for action in block.actions()[-3:]:
        action.trigger()
    assert wanted == [("filters", "cv"), ("latent", "cv"), "conv2d"]
    wire = menu_at(editor, QPointF(500, 128))
    assert entries(wire) == ["Delete"]
    wire.actions()[0].trigger()
    assert len(editor.document.graph.wires) == 7
    assert entries(menu_at(editor, QPointF(500, 500))) == ["Add block …", "Paste", "Select all", "Tidy", "Fit"]


@pytest.mark.qt_log_ignore("does not support raise", "grabbing the keyboard")
def test_the_right_button_opens_the_menu(editor: Editor, mouse) -> None:
    from PySide6.QtGui import QContextMenuEvent

    place = mouse.at(380, 128)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, place, editor.view.viewport().mapToGlobal(place), Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(editor.view.viewport(), event)
    menu = editor.findChild(QMenu)
    assert menu is not None
    assert menu.isVisible()
    menu.close()


def test_the_ring_of_the_keyboard_leaves_a_block_with_its_selection(editor: Editor) -> None:
    editor.select(["in"])
    QTest.keyClick(editor.view, Qt.Key.Key_Right)
    assert editor.scene.blocks["cv"].focused
    editor.duplicate()
    assert editor.selected_ids() != ("cv",)
    assert not editor.scene.blocks["cv"].focused


def test_arrows_walk_along_wires_and_with_ctrl_they_move(editor: Editor) -> None:
    editor.select(["in"])
    walked = []
    for _ in range(4):
        QTest.keyClick(editor.view, Qt.Key.Key_Right)
        walked.append(editor.selected_ids()[0])
    assert walked == ["cv", "re", "mp", "rs"]
    assert editor.scene.blocks["rs"].focused
    QTest.keyClick(editor.view, Qt.Key.Key_Left)
    assert editor.selected_ids() == ("mp",)
    QTest.keyClick(editor.view, Qt.Key.Key_Down)
    assert editor.selected_ids() == ("ce",)
    QTest.keyClick(editor.view, Qt.Key.Key_Right, CTRL)
    assert editor.document.graph.blocks["ce"].look == Look(728, 272)
    wanted = []
    editor.edit_wanted.connect(wanted.append)
    QTest.keyClick(editor.view, Qt.Key.Key_Return)
    assert wanted == ["ce"]


def test_sweeping_with_ctrl_and_alt_cuts_wires_in_one_step(editor: Editor, mouse) -> None:
    mouse.drag((490, 60), (490, 230), keys=CTRL | Qt.KeyboardModifier.AltModifier)
    assert PortRef("re", "input") not in {wire.target for wire in editor.document.graph.wires}
    assert editor.document.undo_stack.count() == 1


def test_previews_and_loss_values_stand_on_their_blocks(editor: Editor) -> None:
    height = editor.scene.blocks["cv"].geometry.height
    image = QImage(80, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff00ff"))
    editor.set_previews({"cv": image})
    item = editor.scene.blocks["cv"]
    assert item.geometry.height == height + 48
    middle = editor.view.mapFromScene(item.mapToScene(item.geometry.preview.center()))
    assert editor.view.viewport().grab().toImage().pixelColor(middle) == QColor("#ff00ff")
    editor.set_previews({})
    assert editor.scene.blocks["cv"].geometry.height == height
    before = editor.view.viewport().grab().toImage()
    editor.set_loss_values({"ce": ("0.095", (2.0, 1.0, 0.5, 0.095))})
    assert editor.view.viewport().grab().toImage() != before


def test_the_minimap_shows_when_something_is_out_of_sight_and_goes_there(editor: Editor, qtbot) -> None:
    editor.fit()
    assert not editor.minimap.isVisible()
    editor.view.zoom_to(2)
    assert editor.minimap.isVisible()
    before = editor.view.visible_area().center()
    qtbot.mouseClick(editor.minimap, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    after = editor.view.visible_area().center()
    assert after.x() < before.x()
    assert editor.minimap.grab().toImage() is not None


def test_the_zoom_bar_zooms_resets_and_fits(editor: Editor, qtbot) -> None:
    qtbot.mouseClick(editor.zoom_bar.larger, Qt.MouseButton.LeftButton)
    assert editor.zoom_bar.text == "125 %"
    qtbot.mouseClick(editor.zoom_bar, Qt.MouseButton.LeftButton, pos=QPoint(50, 14))
    assert editor.zoom_bar.text == "100 %"
    editor.view.zoom_to(3)
    qtbot.mouseClick(editor.zoom_bar.fitting, Qt.MouseButton.LeftButton)
    assert editor.view.visible_area().contains(editor.scene.bounds())


def test_an_empty_canvas_says_how_to_begin(make_editor, qtbot) -> None:
    editor = make_editor(Graph())
    assert editor.empty.isVisible()
    wanted = []
    editor.example_wanted.connect(lambda: wanted.append(True))
    qtbot.mouseClick(editor.empty, Qt.MouseButton.LeftButton, pos=editor.empty.link_rect().center().toPoint())
    assert wanted == [True]
    editor.add_block("input")
    assert not editor.empty.isVisible()


def test_stale_shapes_are_dropped(editor: Editor, mouse) -> None:
    asked = []
    editor.shapes_wanted.connect(lambda id, spec, candidates, parameters: asked.append(id))
    editor.view.search_wanted.emit(QPointF(500, 480), PortRef("mp", "output"), False)
    editor.view.search_wanted.emit(QPointF(500, 480), PortRef("fl", "output"), False)
    assert asked[0] < asked[1]
    editor.set_shapes(asked[0], {"relu": editor.scene.analysis.specs["mp/output"]})
    editor.set_shapes(asked[1], {"relu": editor.scene.analysis.specs["fl/output"]})
    editor.search_popup().hide()


@pytest.mark.parametrize("part", ["view", "breadcrumb", "zoom_bar", "minimap", "empty", "name_editor"])
def test_every_part_has_an_accessible_name(editor: Editor, part: str) -> None:
    assert getattr(editor, part).accessibleName()
