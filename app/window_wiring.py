"""Who hears whom: the signals of the workspace and of the window's parts, connected in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt

from app.canvas_feed import CURVE_NOW, WEIGHTS_NOW
from app.panel_focus import first_place
from app.panels.block_help import BlockHelp
from app.panels.fields_base import Field
from app.panels.run_bar import RunFields
from app.plan_facts import project_edits
from app.run_state import RunState
from app.views.registry import candidate_at
from app.wording import CHECKING, NOT_CHECKED, count_words, device_words
from engine.graph.analysis import path_key
from engine.graph.block_type import BlockType
from engine.graph.difference import GraphChange
from engine.graph.paths import body_at
from engine.graph.problem import Fix, Problem, Refused

if TYPE_CHECKING:
    from app.main_window import MainWindow


def wire(window: MainWindow) -> None:
    """Connect all parts of a window and show what there is."""
    _wire_run_bar(window)
    _wire_canvas(window)
    _wire_steps(window)
    _wire_feed(window)
    _wire_palette(window)
    _wire_panels(window)
    _wire_files(window)
    _wire_code(window)
    _wire_layouts(window)
    show_all(window)


def show_all(window: MainWindow) -> None:
    """Show the project that is open in every part."""
    workspace = window.workspace
    document = workspace.document
    window.editor.set_analysis(workspace.analysis.analysis)
    window.inspector.set_analysis(workspace.analysis.analysis)
    window.live_views.set_graph(document.graph, workspace.types)
    window.live_views.set_views(document.settings.views)
    window.live_views.set_gallery(None if workspace.remembered.has_run or workspace.history else window.gallery)
    window.live_views.show_history(workspace.history, workspace.previous)
    window.feed.show_losses()
    window.status.show_graph(document.graph)
    window.status.show_analysis(workspace.analysis.analysis)
    window.status.show_problems(workspace.analysis.problems if workspace.analysis.is_known else None, _unknown(window))
    window.inspector.show_selection(window.editor.body_path(), window.editor.selected_ids())
    show_run(window)
    window.show_place()
    window.commands.refresh()


def show_run(window: MainWindow) -> None:
    """Draw where the run stands, and the plan's settings."""
    workspace = window.workspace
    plan = workspace.document.settings.plan
    window.run_bar.show_view(workspace.runs.view(workspace.estimate_s(), workspace.training_samples))
    window.live_views.set_awaited(workspace.awaited)
    if not plan.stages:
        return
    index = workspace.runs.stage
    stage = plan.stages[index]
    window.inspector.set_stage(index)
    found = workspace.link.devices or ("cpu",)
    devices = found if len(found) == 1 and plan.device in ("auto", *found) else ("auto", *found)
    best = next((device for device in found if device != "cpu"), "cpu")
    window.run_bar.show_fields(
        RunFields(
            epochs=stage.epochs,
            learning_rate=stage.learning_rate,
            batch_size=plan.batch_size,
            device=plan.device,
            devices=devices if plan.device in ("auto", *devices) else (*devices, plan.device),
            resolved=device_words(best),
            stage=f"Stage {index + 1}" if len(plan.stages) > 1 else "",
        )
    )


def _wire_run_bar(window: MainWindow) -> None:
    bar, workspace = window.run_bar, window.workspace
    bar.slot_pressed.connect(workspace.runs.press)
    bar.step_pressed.connect(workspace.runs.step)
    bar.stop_pressed.connect(workspace.runs.stop)
    bar.reset_pressed.connect(workspace.reset)
    bar.epochs_edited.connect(workspace.set_epochs)
    bar.learning_rate_edited.connect(workspace.set_learning_rate)
    bar.batch_size_edited.connect(workspace.set_batch_size)
    bar.device_edited.connect(workspace.set_device)
    bar.panel_toggled.connect(window.show_panel)

    def follow(action: str) -> None:
        if action == "show_problems":
            window.show_problem_list()
        else:
            workspace.follow_link(action)

    bar.link_pressed.connect(follow)
    workspace.runs.state_changed.connect(lambda state: show_run(window))
    shown: tuple[object, ...] = ()

    def refresh(state: RunState) -> None:
        nonlocal shown
        view = workspace.runs.view()
        facts = (state.phase, view.label, view.enabled, view.step, view.stop, view.reset)
        if facts != shown:
            shown = facts
            window.commands.refresh_soon()

    workspace.runs.state_changed.connect(refresh)
    workspace.link.ready.connect(lambda message: show_run(window))
    workspace.document.settings_changed.connect(lambda: show_run(window))


def _wire_canvas(window: MainWindow) -> None:
    editor, workspace = window.editor, window.workspace
    document, analysis = workspace.document, workspace.analysis
    editor.search.set_usage(workspace.remembered.usage)
    editor.search.keep_clear_of(window.floating)
    editor.refusal.keep_clear_of(window.floating)

    def drawing_changed(change: GraphChange) -> None:
        window.status.show_graph(document.graph)
        if change.meaning or any(body.changed for body in change.bodies.values()):
            window.live_views.set_graph(document.graph, workspace.types)
        window.feed.data.forget_blocks()
        for body in change.bodies.values():
            for block in body.added.values():
                if document.is_editing and len(body.added) == 1:
                    workspace.remembered.count_use(block.type)
                    window.palette_panel.set_usage(workspace.remembered.usage)
                    editor.search.set_usage(workspace.remembered.usage)
        window.commands.refresh_soon()

    def analysed(found: object) -> None:
        editor.set_analysis(found)
        window.inspector.set_analysis(found)
        window.status.show_analysis(found)  # type: ignore[arg-type]
        show_run(window)

    def problems_changed(problems: tuple[Problem, ...] | None) -> None:
        window.status.show_problems(problems, _unknown(window))
        window.problem_list.set_problems(problems, _unknown(window))
        if window.problem_popup.isVisible():
            window.problem_popup.lie_at(window.problem_place())
        window.inspector.set_problems(problems or ())

    def selected() -> None:
        window.inspector.show_selection(editor.body_path(), editor.selected_ids())
        watch(window)
        window.place_floating()
        window.commands.refresh_soon()

    document.changed.connect(drawing_changed)
    analysis.analysis_changed.connect(analysed)
    analysis.problems_changed.connect(problems_changed)
    analysis.shapes_known.connect(editor.set_shapes)
    editor.selection_changed.connect(selected)
    editor.body_path_changed.connect(selected)
    editor.body_path_changed.connect(lambda: workspace.show_body(editor.body_path()))
    editor.message.connect(window.status.show_message)
    editor.shapes_wanted.connect(analysis.ask_shapes)
    editor.space_tapped.connect(workspace.runs.toggle)
    editor.example_wanted.connect(lambda: window.show_start_page(True))
    # What a refusal tells of is another drawing by then, or it stands in the way.
    document.changed.connect(lambda change: editor.refusal.close_popup())
    workspace.runs.began.connect(editor.refusal.close_popup)
    editor.edit_wanted.connect(lambda id: _edit_in_inspector(window))
    editor.help_wanted.connect(lambda type_id: _show_block_help(window, type_id))
    editor.view_wanted.connect(lambda kind, path: (window.show_panel("views", True), _add_view(window, kind, path)))


def _wire_steps(window: MainWindow) -> None:
    stack = window.workspace.document.undo_stack
    last = stack.index()

    def stepped(index: int) -> None:
        nonlocal last
        if index < last:
            # What the bar says of an edit is untrue once that is undone.
            window.status.forget_message()
        last = index

    stack.indexChanged.connect(stepped)
    stack.indexChanged.connect(lambda index: (window.show_place(), window.commands.refresh_soon()))


def _wire_feed(window: MainWindow) -> None:
    feed, editor, inspector = window.feed, window.editor, window.inspector
    feed.previews_changed.connect(editor.set_previews)
    feed.losses_changed.connect(editor.set_loss_values)
    feed.weights_changed.connect(inspector.set_weights_now)
    feed.curve_changed.connect(inspector.set_curve)


def _wire_palette(window: MainWindow) -> None:
    palette, editor = window.palette_panel, window.editor
    palette.drag_started.connect(lambda type_id: (window.show_start_page(False), editor.ghost_begin(type_id)))
    palette.drag_moved.connect(editor.ghost_move)
    palette.drag_dropped.connect(editor.ghost_drop)
    palette.drag_cancelled.connect(editor.ghost_cancel)
    palette.chosen.connect(lambda type_id: (window.show_start_page(False), editor.add_block(type_id)))
    palette.help_wanted.connect(lambda type_id: _show_block_help(window, type_id))


def _wire_panels(window: MainWindow) -> None:
    workspace, inspector, views = window.workspace, window.inspector, window.live_views

    def fix(offered: Fix) -> None:
        if workspace.apply_fix(offered):
            window.status.show_message(offered.done)

    def jump(path: object) -> None:
        window.problem_popup.close_now()
        window.show_start_page(False)
        window.editor.jump_to(path)

    def described(message: Any) -> None:
        if message.folder:
            remembered = workspace.remembered
            keep = remembered.remember_dataset_folder if message.problem is None else remembered.forget_dataset_folder
            keep(message.name, message.folder)
            inspector.set_known_folders(remembered.dataset_folders)

    def measured(request: str, arrays: object, step: int, problem: Problem | None) -> None:
        if request.startswith((WEIGHTS_NOW, CURVE_NOW)):
            return
        if problem is not None:
            views.show_problem(request, problem.sentence)
        else:
            views.show_measured(request, arrays, step)  # type: ignore[arg-type]

    window.problem_list.jump.connect(jump)
    window.problem_list.fix.connect(fix)
    window.status.problems_pressed.connect(window.show_problem_list)
    inspector.dataset_chosen.connect(workspace.data.describe)
    inspector.download_wanted.connect(workspace.data.download)
    inspector.download_cancelled.connect(workspace.data.cancel_download)
    inspector.folder_wanted.connect(
        lambda: window.commands.choose_folder(lambda folder: inspector.choose_folder("mnist", str(folder)))
    )
    inspector.fix.connect(fix)
    inspector.stage_chosen.connect(workspace.runs.choose_stage)
    inspector.jump.connect(jump)
    inspector.set_own_code(workspace.own_code)
    workspace.data.download_changed.connect(inspector.set_download)
    workspace.link.ready.connect(lambda message: inspector.set_edits(project_edits(workspace.link.devices or ("cpu",))))
    workspace.link.ready.connect(lambda message: workspace.data.describe_all())
    inspector.help_wanted.connect(lambda type_id: _show_block_help(window, type_id))
    inspector.edit_refused.connect(window.notice.show_problem)
    inspector.refusal_over.connect(window.notice.take_back)
    inspector.message.connect(window.status.show_message)
    inspector.set_known_folders(workspace.remembered.dataset_folders)
    workspace.data.described.connect(described)
    workspace.data.described.connect(inspector.set_dataset_described)
    views.views_changed.connect(workspace.set_views)
    views.asks_changed.connect(lambda: watch(window))
    views.fill_wanted.connect(window.fill_with_views)
    views.fill_wanted.connect(lambda filled: None if filled else window.editor.setFocus())
    workspace.measures.measured.connect(measured)
    workspace.measures.session_opened.connect(lambda message: views.set_awaited(workspace.awaited))
    workspace.history_changed.connect(lambda: views.show_history(workspace.history, workspace.previous))
    workspace.document.settings_changed.connect(lambda: views.set_views(workspace.document.settings.views))
    workspace.runs.began.connect(lambda: views.set_gallery(None))


def _wire_files(window: MainWindow) -> None:
    workspace, commands = window.workspace, window.commands
    workspace.opened.connect(lambda: _opened(window))
    workspace.place_changed.connect(lambda: (window.show_place(), commands.refresh_soon()))
    workspace.message.connect(window.status.show_message)
    workspace.sources.working.connect(window.status.show_work)
    workspace.refused.connect(window.notice.show_problem)
    for part in (window.gallery, window.start_page):
        part.example_chosen.connect(commands.open_example)
        part.empty_wanted.connect(commands.new)
        part.open_wanted.connect(commands.open)
    window.gallery.all_wanted.connect(lambda: window.show_start_page(True))
    window.start_page.file_chosen.connect(commands.open_file)
    window.start_page.thrown_away.connect(commands.aside.throw_away)
    window.start_page.closed.connect(lambda: window.show_start_page(False))
    menus = window.actions_table.menus
    menus["File/Open recent"].aboutToShow.connect(commands.fill_recent)
    menus["Help/Examples"].aboutToShow.connect(commands.fill_examples)
    menus["Edit"].aboutToShow.connect(commands.refresh)
    menus["Run"].aboutToShow.connect(commands.refresh)
    for name, dock in window.docks.items():
        dock.shown_changed.connect(lambda shown, name=name: window.show_panel_state(name, shown))


def _wire_code(window: MainWindow) -> None:
    view, editor, sources = window.code_view, window.editor, window.workspace.sources

    def selected() -> None:
        start = path_key((*editor.body_path(), ""))
        view.show_selection(tuple(start + id for id in editor.selected_ids()))

    editor.selection_changed.connect(selected)
    editor.body_path_changed.connect(selected)
    view.shown_changed.connect(sources.watch)
    sources.changed.connect(lambda found: view.set_source(found.text, found.lines, found.problem))
    window.code_dock.shown_changed.connect(lambda shown: window.actions_table.set_checked("code", shown))
    window.code_dock.visibilityChanged.connect(
        lambda shown: window.actions_table.set_checked("code", not window.code_dock.isHidden())
    )


def _wire_layouts(window: MainWindow) -> None:
    arranging, layouts = window.editor.arranging, window.workspace.layouts

    def arranged(count: int, moved: bool) -> None:
        if moved:
            words = f"Laid out {count_words(count, 'block')}"
        else:
            words = "Nothing to lay out: all is tidy already" if count else "Nothing to lay out"
        window.status.show_message(words)

    arranging.wanted.connect(layouts.ask)
    layouts.arrived.connect(arranging.show_arrangement)
    arranging.arranged.connect(arranged)
    arranging.given_up.connect(layouts.give_up)


def watch(window: MainWindow) -> None:
    """Have measured what can be seen: the views' asks, and the weights or the curve of the one selected block."""
    workspace, ids = window.workspace, window.editor.selected_ids()
    weights = curve = ""
    if len(ids) == 1:
        path = (*window.editor.body_path(), *ids)
        type = _type_at(window, path)
        if candidate_at("filters", path_key(path), workspace.document.graph, workspace.types) is not None:
            weights = path_key(path)
        elif type is not None and type.family == "activation":
            curve = path_key(path)
    shown = (window.feed.look_at(weights), window.feed.trace(curve))
    workspace.measures.watch((*window.live_views.asks(), *(ask for ask in shown if ask is not None)))


def _unknown(window: MainWindow) -> str:
    """What is said of problems that nobody knows."""
    return CHECKING if window.workspace.analysis.can_look else NOT_CHECKED


def _type_at(window: MainWindow, path: tuple[str, ...]) -> BlockType | None:
    try:
        block = body_at(window.workspace.document.graph, path[:-1]).blocks.get(path[-1])
    except Refused:
        return None
    return window.workspace.types.get(block.type) if block is not None else None


def _opened(window: MainWindow) -> None:
    window.notice.hide()
    window.editor.refusal.close_popup()
    # Blocks of another project may have the ids of those that were selected, or entered, in the last.
    window.editor.scene.show_body(())
    window.editor.select(())
    window.inspector.forget_weights()
    window.live_views.forget()
    show_all(window)
    window.editor.fit(soft=False)
    watch(window)


def _add_view(window: MainWindow, kind: str, path: str) -> None:
    window.live_views.set_gallery(None)
    window.live_views.add_view(kind, path or None)


def _show_block_help(window: MainWindow, type_id: str) -> None:
    type = window.workspace.types.get(type_id)
    if type is not None:
        beside = window.inspector if window.inspector.isVisible() else window.editor
        BlockHelp(type, window.theme, window).open_beside(beside)


def _edit_in_inspector(window: MainWindow) -> None:
    window.show_panel("inspector", True)
    page = window.inspector.page
    fields = [field for field in page.findChildren(Field) if first_place(field) is not None]
    first = min(fields, key=lambda field: field.mapTo(page, QPoint()).y(), default=window.inspector)
    taker = first_place(first)
    if taker is not None:
        taker.setFocus(Qt.FocusReason.TabFocusReason)
