"""The document: random edits at any depth can be undone, redone, sent and told apart."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.difference import GraphChange, apply_change, difference
from engine.graph.graph import (
    Block,
    Frame,
    Graph,
    Learning,
    Note,
    PortRef,
    Weights,
    decode_graph,
    encode_graph,
)
from engine.graph.paths import BodyPath, bodies, body_at
from engine.graph.problem import Fix, Refused
from engine.graph.traversal import cyclic_blocks
from engine.graph.values import Formula
from graph_editor.document import Document

ROOT = Path(__file__).parents[2]
TYPES = ("dense", "conv2d", "relu", "add", "concat", "dropout", "residual", "entry", "exit", "input", "cross_entropy")
DRAWN_ONLY = {"move", "note", "frame", "bend", "open"}
KINDS = (
    *("add", "add", "add", "connect", "connect", "connect", "remove", "disconnect", "parameter", "rename", "bypass"),
    *("weights", "learning", "variable", "paste", "move", "note", "frame", "bend", "open"),
)


@pytest.fixture(autouse=True)
def _application(qapp: QCoreApplication) -> None:
    """Signals need an application."""


def random_edit(document: Document, chance: random.Random) -> str:
    """Try one edit of a random body; returns its kind. Raises Refused as the edit does."""
    kind = chance.choice(KINDS)
    path, body = chance.choice(sorted(bodies(document.graph), key=lambda found: found[0]))
    ids = sorted(body.blocks) or ["nothing"]
    id, other = chance.choice(ids), chance.choice(ids)
    number = chance.randrange(100)
    match kind:
        case "add":
            type = BLOCK_TYPES[chance.choice(TYPES)]
            made = type.body(document.new_id) if type.body else None
            arguments = (edits.add_block, Block(document.new_id(), type.id, type.title, body=made))
        case "connect":
            arguments = (edits.connect, _port(body, id, 1, chance), _port(body, other, 0, chance))
        case "remove":
            arguments = (edits.remove_blocks, (id, other))
        case "disconnect":
            arguments = (edits.disconnect, tuple(wire.target for wire in body.wires if chance.random() < 0.5))
        case "parameter":
            parameter = chance.choice(["out_features", "out_channels", "p", "skip", "inputs", "nothing"])
            value = chance.choice([3, 0.5, "projection", Formula("2*3"), None])
            arguments = (edits.set_parameter, id, parameter, value)
        case "rename":
            arguments = (edits.rename, id, f"Name {number % 5}")
        case "bypass":
            arguments = (edits.set_bypassed, (id,), chance.random() < 0.5)
        case "weights":
            arguments = (edits.set_weights, id, chance.choice([None, Weights(other)]))
        case "learning":
            arguments = (edits.set_learning, id, Learning(frozen=True, rate_factor=number / 10))
        case "variable":
            path = ()
            value = chance.choice([None, number, Formula("3*4")])
            arguments = (edits.set_variable, chance.choice(["k", "width"]), value)
        case "paste":
            fragment = edits.fragment_of(body, (id, other))
            every = [found for _, inner in bodies(fragment) for found in inner.blocks]
            renewed = dict(zip(every, document.new_ids(len(every)), strict=True))
            arguments = (edits.paste, fragment, renewed, (8, 8))
        case "move":
            arguments = (edits.move, {id: (number, -number)})
        case "note":
            arguments = (edits.set_note, Note(f"n{number % 3}", str(number), (0, 0, 1, 1)))
        case "frame":
            arguments = (edits.set_frame, Frame(f"f{number % 3}", str(number), "dense", (0, 0, 1, 1)))
        case "bend":
            target = body.wires[number % len(body.wires)].target if body.wires else PortRef("nothing", "input")
            arguments = (edits.bend_wire, target, ((number, number),))
        case _:
            arguments = (edits.set_open, id, chance.random() < 0.5)
    document.edit(kind, *arguments, path=path)
    return kind


def _port(body: Graph, id: str, side: int, chance: random.Random) -> PortRef:
    block = body.blocks.get(id)
    ports = BLOCK_TYPES[block.type].ports_of(block) if block else None
    found = (ports.inputs, ports.outputs)[side] if ports else ()
    return PortRef(id, chance.choice(found).id if found else "nothing")


def check_whole(graph: Graph) -> None:
    """What every drawing holds, whatever was done to it."""
    seen: set[str] = set()
    for _, body in bodies(graph):
        assert not cyclic_blocks(body)
        targets = [wire.target for wire in body.wires]
        assert targets == sorted(set(targets))
        assert len({block.name for block in body.blocks.values()}) == len(body.blocks)
        for id, block in body.blocks.items():
            assert id == block.id
            assert id not in seen
            seen.add(id)
        assert {end.block for wire in body.wires for end in (wire.source, wire.target)} <= set(body.blocks)


def edited(seed: int, count: int, undo_limit: int = 0) -> tuple[Document, list[Graph], list[GraphChange]]:
    """A document after `count` random edits that were allowed, all its states, and the changes it told."""
    chance = random.Random(seed)
    document = Document(Graph(), BLOCK_TYPES, undo_limit=undo_limit)
    changes: list[GraphChange] = []
    document.changed.connect(changes.append)
    states = [document.graph]
    while len(states) <= count:
        before, told = document.graph, len(changes)
        try:
            kind = random_edit(document, chance)
        except Refused:
            assert document.graph is before
            assert len(changes) == told
            continue
        if document.graph is before:
            assert len(changes) == told
            continue
        assert len(changes) == told + 1, "one change is told once"
        assert changes[-1].meaning == (kind not in DRAWN_ONLY)
        states.append(document.graph)
    return document, states, changes


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_random_edits_come_back_whole(seed: int, count: int) -> None:
    document, states, changes = edited(seed, count)
    for before, after, change in zip(states[:-1], states[1:], changes, strict=True):
        check_whole(after)
        assert apply_change(before, change) == after
        assert apply_change(after, difference(after, before)) == before
        assert decode_graph(encode_graph(after)) == after
    assert document.undo_stack.count() == count
    for state in reversed(states[:-1]):
        document.undo_stack.undo()
        assert document.graph == state
    assert not document.undo_stack.canUndo()
    assert document.undo_stack.isClean()
    for state in states[1:]:
        document.undo_stack.redo()
        assert document.graph == state
    assert not document.undo_stack.canRedo()


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_no_wire_ever_closes_a_loop(seed: int) -> None:
    chance = random.Random(seed)
    document = Document(Graph(), BLOCK_TYPES)
    for number in range(6):
        document.edit("Add", edits.add_block, Block(f"b{number}", "add", "Add", {"inputs": 8}))
    for _ in range(60):
        source, target = chance.randrange(6), chance.randrange(6)
        ends = PortRef(f"b{source}", "output"), PortRef(f"b{target}", chance.choice("abcdefgh"))
        before, code = document.graph, ""
        try:
            document.edit("Connect", edits.connect, *ends)
        except Refused as fault:
            code = fault.problem.code
        assert code in ("", "cycle", "occupied", "already-connected")
        assert (document.graph is before) == bool(code)
        assert source != target or code == "cycle"
        assert not cyclic_blocks(document.graph)


def test_equal_drawings_are_the_same_bytes_in_every_process() -> None:
    graph = edited(3, 60)[1][-1]
    shuffled = Graph(
        blocks=dict(reversed(graph.blocks.items())),
        wires=graph.wires,
        variables=dict(reversed(graph.variables.items())),
        notes=graph.notes,
        frames=graph.frames,
    )
    data = encode_graph(graph)
    assert encode_graph(shuffled) == data
    code = (
        "import sys; from engine.graph.graph import decode_graph, encode_graph; "
        "sys.stdout.buffer.write(encode_graph(decode_graph(sys.stdin.buffer.read())))"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-P", "-c", code], input=data, env=environment, capture_output=True, cwd=ROOT
        )
        assert run.returncode == 0, run.stderr.decode()
        assert run.stdout == data


def add(document: Document, number: int) -> None:
    document.edit("Add", edits.add_block, Block(f"b{number}", "relu", "ReLU"))


@pytest.mark.parametrize(("limit", "kept"), [(3, 3), (0, 20), (200, 20)])
def test_the_undo_limit_is_heeded_and_zero_is_none(limit: int, kept: int) -> None:
    document = Document(Graph(), BLOCK_TYPES, undo_limit=limit)
    for number in range(20):
        add(document, number)
    assert document.undo_stack.count() == kept
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert len(document.graph.blocks) == 20 - kept


def test_an_edit_without_an_effect_is_no_step() -> None:
    document = Document(Graph(), BLOCK_TYPES)
    add(document, 0)
    told: list[GraphChange] = []
    document.changed.connect(told.append)
    document.edit("Move", edits.move, {"b0": (0, 0)})
    document.edit("Bypass", edits.set_bypassed, ("b0",), False)
    document.edit_settings("Nothing", lambda value: value)
    assert document.undo_stack.count() == 1
    assert told == []


def test_settings_and_drawing_can_change_in_one_step() -> None:
    document = Document(Graph(), BLOCK_TYPES, settings=("plan", 1))
    told: list[str] = []
    document.changed.connect(lambda change: told.append("graph"))
    document.settings_changed.connect(lambda: told.append("settings"))
    document.edit_settings("Set epochs", lambda value, epochs: (value[0], epochs), 5)
    assert told == ["settings"]
    document.edit_both("Both", edits.add_block(Graph(), document.scope, Block("b", "relu", "R")), ("plan", 6))
    assert told == ["settings", "settings", "graph"]
    document.undo_stack.undo()
    assert (document.settings, document.graph) == (("plan", 5), Graph())


def test_a_fault_in_a_change_of_settings_changes_nothing() -> None:
    document = Document(Graph(), BLOCK_TYPES, settings=1)

    def refuse(value: int) -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        document.edit_settings("Refused", refuse)
    assert document.settings == 1
    assert not document.undo_stack.canUndo()


def test_a_repair_inside_a_container_is_one_step() -> None:
    document = Document(Graph(), BLOCK_TYPES)
    container: BodyPath = ("box",)
    made = BLOCK_TYPES["residual"].body
    assert made is not None
    document.edit("Add", edits.add_block, Block("box", "residual", "Box", body=made(document.new_id)))
    body = body_at(document.graph, container)
    wire = next(wire for wire in body.wires if body.blocks[wire.target.block].type == "relu")
    fix = Fix(
        edit="insert_between",
        arguments=("flatten", wire.source, wire.target, ()),
        new_blocks=1,
        body=container,
        facts={"type": "Flatten"},
    )
    document.apply_fix(fix, {"insert_between": edits.insert_between})
    added = [block for block in body_at(document.graph, container).blocks.values() if block.type == "flatten"]
    assert len(added) == 1
    assert document.undo_stack.undoText() == "Insert Flatten"
    document.undo_stack.undo()
    assert body_at(document.graph, container) == body


def test_new_ids_are_free_at_every_depth() -> None:
    document = edited(5, 30)[0]
    ids = document.new_ids(500)
    taken = {id for _, body in bodies(document.graph) for id in body.blocks}
    assert len(set(ids)) == 500
    assert not taken & set(ids)
    assert all(id.isalnum() and id.isascii() for id in ids)
