"""Own Python in the real worker: told what it may run, and nothing else runs."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.project.own_code import hash_of
from engine.training.events import Failed, Finished
from engine.training.plan import TrainingRequest
from engine.worker.protocol import (
    AllowCode,
    Analyse,
    Analysed,
    AskShapes,
    OpenSession,
    Run,
    SessionOpened,
    Shapes,
    SourceWritten,
    WriteSource,
)

from .conftest import DIGITS, Listener, plan

TEXT = """from pathlib import Path

Path(__file__).with_name("ran").touch()
CALLS = []


def forward(x):
    return x * {factor}


def backward(gradient, x):
    if {fails} and len(CALLS) > 5:
        raise ArithmeticError("no more")
    CALLS.append(1)
    return gradient * {factor}
"""


def network() -> Graph:
    """Digits, flattened, through a block of one's own into ten classes."""
    blocks = (
        Block(id="a", type="input", name="Digits"),
        Block(id="b", type="flatten", name="Flatten"),
        Block(id="h", type="dense", name="hidden", parameters={"out_features": 16}),
        Block(id="c", type="custom", name="mine", parameters={"file": "mine.py"}),
        Block(id="d", type="dense", name="classes", parameters={"out_features": 10}),
        Block(id="e", type="cross_entropy", name="Loss"),
    )
    ends = (("a.image", "b.input"), ("b.output", "h.input"), ("h.output", "c.input"), ("c.output", "d.input"))
    ends = (*ends, ("d.output", "e.logits"), ("a.label", "e.target"))
    wires = (Wire(PortRef(*source.split(".")), PortRef(*target.split("."))) for source, target in ends)
    return Graph(blocks={block.id: block for block in blocks}, wires=sorted_wires(wires))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The block's file."""
    file = tmp_path / "mine.py"
    file.write_text(TEXT.format(factor=2, fails=False))
    return file


def allow(worker: Listener, file: Path, *hashes: str) -> None:
    worker.client.send(AllowCode(folder=os.fsencode(file.parent), hashes=hashes))


def hash_in(file: Path) -> str:
    return hash_of(file.read_bytes())


def analysed(worker: Listener) -> Analysed:
    id = worker.client.next_id()
    worker.client.send(Analyse(id=id, graph=network(), plan=plan(1), datasets=DIGITS))
    return worker.until(Analysed, lambda m: m.id == id)


def codes(answer: Analysed) -> list[str]:
    return [problem.code for problem in answer.analysis.problems if problem.severity == "error"]


def opened(worker: Listener) -> SessionOpened:
    id = worker.client.next_id()
    worker.client.send(OpenSession(id=id, graph=network(), plan=plan(1), datasets=DIGITS))
    return worker.until(SessionOpened, lambda m: m.id == id)


def request(run: str) -> TrainingRequest:
    return TrainingRequest(run=run, graph=network(), plan=plan(1), datasets=DIGITS)


@pytest.mark.skipif(os.name == "nt", reason="its names are Unicode")
def test_a_folder_whose_name_is_not_unicode_is_told_too(worker: Listener, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes Unicode only")
    file = folder / "mine.py"
    file.write_text(TEXT.format(factor=2, fails=False))
    allow(worker, file, hash_in(file))
    assert codes(analysed(worker)) == []


def test_without_leave_the_file_is_named_and_nothing_asks_it(worker: Listener, mine: Path) -> None:
    client = worker.client
    client.send(AllowCode(folder=None, hashes=(hash_in(mine),)))
    assert codes(analysed(worker)) == ["code-folder"]
    allow(worker, mine)
    answer = analysed(worker)
    assert codes(answer) == ["code-not-allowed"]
    assert answer.analysis.problems[0].path == ("c",)
    assert str(answer.analysis.specs["h/output"]) == "N×16"
    assert [problem.code for problem in opened(worker).problems] == ["code-not-allowed"]
    client.send(Run(request=request("refused")))
    assert worker.until(Failed).problem.code == "code-not-allowed"
    shapes, source = client.next_id(), client.next_id()
    client.send(AskShapes(id=shapes, spec=answer.analysis.specs["h/output"], candidates=("custom", "relu")))
    assert set(worker.until(Shapes, lambda m: m.id == shapes).specs) == {"relu"}
    client.send(WriteSource(id=source, graph=network(), title="net"))
    problem = worker.until(SourceWritten, lambda m: m.id == source).problem
    assert problem is not None
    assert problem.code == "code-not-allowed"
    assert not mine.with_name("ran").exists()


def test_it_runs_once_allowed_trains_and_asks_again_when_it_changed(worker: Listener, mine: Path) -> None:
    client = worker.client
    allow(worker, mine, hash_in(mine))
    assert codes(analysed(worker)) == []
    assert mine.with_name("ran").exists()
    assert opened(worker).problems == ()
    client.send(Run(request=request("one"), fresh=False))
    worker.until(Finished, lambda m: m.run == "one")
    mine.with_name("ran").unlink()
    mine.write_text(TEXT.format(factor=3, fails=False))
    assert codes(analysed(worker)) == ["code-not-allowed"]
    client.send(Run(request=request("two"), fresh=False))
    assert worker.until(Failed, lambda m: m.run == "two").problem.code == "code-not-allowed"
    assert not mine.with_name("ran").exists()
    allow(worker, mine, hash_in(mine))
    assert codes(analysed(worker)) == []
    client.send(Run(request=request("three"), fresh=False))
    worker.until(Finished, lambda m: m.run == "three")
    assert mine.with_name("ran").exists()


def test_a_fault_of_the_file_in_a_run_is_told_with_its_line(worker: Listener, mine: Path) -> None:
    mine.write_text(TEXT.format(factor=2, fails=True))
    allow(worker, mine, hash_in(mine))
    assert codes(analysed(worker)) == []
    worker.client.send(Run(request=request("fails")))
    problem = worker.until(Failed, lambda m: m.run == "fails").problem
    assert problem.sentence == "mine.py, line 13: ArithmeticError: no more."


def test_a_block_inside_a_group_is_found_too(worker: Listener, mine: Path) -> None:
    inner = (
        Block(id="i", type="entry", name="in"),
        Block(id="c", type="custom", name="mine", parameters={"file": "mine.py"}),
        Block(id="o", type="exit", name="out"),
    )
    wires = (Wire(PortRef("i", "output"), PortRef("c", "input")), Wire(PortRef("c", "output"), PortRef("o", "input")))
    body = Graph(blocks={block.id: block for block in inner}, wires=sorted_wires(wires))
    field = Block(id="a", type="input", name="Rows", parameters={"fields": ("x: 5 float32",)})
    group = Block(id="g", type="group", name="Group", body=body)
    graph = Graph(blocks={"a": field, "g": group}, wires=(Wire(PortRef("a", "x"), PortRef("g", "i")),))

    def ask() -> Analysed:
        id = worker.client.next_id()
        worker.client.send(Analyse(id=id, graph=msgspec.structs.replace(graph), plan=plan(1), datasets=()))
        return worker.until(Analysed, lambda m: m.id == id)

    allow(worker, mine)
    assert "code-not-allowed" in codes(ask())
    allow(worker, mine, hash_in(mine))
    answer = ask()
    assert codes(answer) == []
    assert str(answer.analysis.specs["g/o"]) == "N×5"
