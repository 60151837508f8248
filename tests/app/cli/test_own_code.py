"""Own Python on the command line: nothing runs without leave, what runs trains, what is wrong is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block
from engine.modules.own_loading import permit
from engine.project.drawing import Drawing
from engine.project.own_code import AllowedCode, hash_of, own_file
from engine.project.project_file import Project, read_project, write_project
from engine.project.recovery import state_folder
from engine.training.plan import Plan, Settings, Supervised

SQUARE = """from pathlib import Path

import torch

(Path(__file__).parent / "ran").touch()


def forward(x):
    return torch.tanh(x)


def backward(gradient, x):
    return gradient * {slope}
"""
RIGHT, WRONG = "(1 - torch.tanh(x) ** 2)", "(1 + torch.tanh(x) ** 2)"


@pytest.fixture
def run(run):
    """Runs a command as a process of its own does, where nothing was permitted yet."""

    def anew(*arguments: object) -> tuple[int, str, str]:
        permit(None, ())
        return run(*arguments)

    yield anew
    permit(None, ())
    (state_folder() / "allowed-code.json").unlink(missing_ok=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A digits network with a block of one's own in it, in a folder of its own beside the file."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("flatten", "flatten")
    drawing.add("hidden", "dense", out_features=32)
    drawing.add("own", "custom", name="my tanh", file="tanh_block.py")
    drawing.add("classes", "dense", out_features=10)
    drawing.add("loss", "cross_entropy")
    drawing.chain("input.image", "flatten", "hidden", "own", "classes", "loss.logits")
    drawing.wire("input.label", "loss.target")
    settings = Settings(plan=Plan(stages=(Supervised(epochs=6),), threads=1, device="cpu"))
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder / "net.loom", Project(graph=drawing.graph, settings=settings))
    (folder / "tanh_block.py").write_text(SQUARE.format(slope=RIGHT))
    return folder / "net.loom"


def hash_in(project: Path) -> str:
    return hash_of((project.parent / "tanh_block.py").read_bytes())


def ran(project: Path) -> bool:
    mark = project.parent / "ran"
    found = mark.exists()
    mark.unlink(missing_ok=True)
    return found


def test_a_block_with_a_backward_by_hand_trains_saves_and_predicts(run, project, tmp_path) -> None:
    out = tmp_path / "elsewhere" / "trained.loom"
    out.parent.mkdir()
    code, said, err = run("train", project, "--allow-code", "--json", "--out", out)
    assert code == 0, err
    assert f"Allowed to run: {project.parent / 'tanh_block.py'} (SHA-256 {hash_in(project)})\n" in err
    last = json.loads(said.splitlines()[-1])
    assert last["test"]["accuracy"] > 0.8
    assert ran(project)
    assert (out.parent / "tanh_block.py").read_bytes() == (project.parent / "tanh_block.py").read_bytes()
    assert read_project(out).graph.blocks["own"].parameters["file"] == "tanh_block.py"
    code, said, _ = run("evaluate", out, "--allow-code", "--json")
    assert code == 0
    assert json.loads(said)["accuracy"] == pytest.approx(last["test"]["accuracy"])
    assert run("predict", out, "test:0", "--allow-code")[0] == 0
    assert run("export", out, "--to", "safetensors", "-o", tmp_path / "w.safetensors", "--allow-code")[0] == 0
    assert run("render", project, "-o", tmp_path / "net.png", "--allow-code")[0] == 0


def test_the_same_network_without_the_block_learns_the_same(run, project, tmp_path) -> None:
    """tanh by hand is tanh: the losses of the first epochs agree."""
    plain = read_project(project)
    blocks = {**plain.graph.blocks, "own": Block("own", "tanh", "tanh")}
    graph = msgspec.structs.replace(plain.graph, blocks=blocks)
    write_project(tmp_path / "plain.loom", Project(graph=graph, settings=plain.settings))
    first = json.loads(run("train", project, "--allow-code", "--json")[1].splitlines()[0])
    other = json.loads(run("train", tmp_path / "plain.loom", "--json")[1].splitlines()[0])
    assert first["train"]["loss"] == pytest.approx(other["train"]["loss"], rel=1e-4)


@pytest.mark.parametrize(
    "command",
    [("check",), ("train",), ("render", "-o", "out.png"), ("export", "--to", "python", "-o", "out.py")],
    ids=lambda command: command[0],
)
def test_nothing_runs_without_leave(run, project, command, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    name, *options = command
    code, _, err = run(name, project, *options)
    assert not ran(project)
    assert (code == 0) is (name == "render")
    if name != "render":
        assert f"tanh_block.py (SHA-256 {hash_in(project)[:12]}…) may not run" in err
        assert "--allow-code" in err
    assert "Traceback" not in err


def test_check_tells_the_rest_of_a_drawing_that_may_not_run(run, project) -> None:
    code, out, _ = run("check", project, "--json")
    found = json.loads(out)
    assert code == 1
    shapes = {block["id"]: block["outputs"] for block in found["blocks"]}
    assert shapes["hidden"] == {"output": ["N", 32]}
    (error,) = [problem for problem in found["problems"] if problem["severity"] == "error"]
    assert error["block"] == "own"
    code, out, _ = run("check", project, "--json", "--allow-code")
    assert code == 0
    shapes = {block["id"]: block["outputs"] for block in json.loads(out)["blocks"]}
    assert shapes["own"] == {"output": ["N", 32]}
    assert ran(project)


def test_what_the_window_allowed_runs_until_it_changes(run, project) -> None:
    AllowedCode(state_folder()).allow(own_file(project.parent, "tanh_block.py"))
    code, _, err = run("check", project)
    assert code == 0
    assert err == ""
    assert ran(project)
    (project.parent / "tanh_block.py").write_text(SQUARE.format(slope=RIGHT) + "\n# another\n")
    code, _, err = run("check", project)
    assert code == 1
    assert "may not run" in err
    assert not ran(project)


def test_a_wrong_backward_is_refused_with_its_worst_error(run, project) -> None:
    (project.parent / "tanh_block.py").write_text(SQUARE.format(slope=WRONG))
    code, _, err = run("train", project, "--allow-code")
    assert code == 1
    assert "tanh_block.py, line 12: the backward of forward is wrong, its worst error " in err
    error = float(err.split("its worst error ")[1].split(":")[0])
    assert 1.0 < error < 8.0


def test_a_written_file_imports_the_own_file_beside_it(run, project, tmp_path) -> None:
    trained = project.with_name("trained.loom")
    assert run("train", project, "--allow-code", "--epochs", "1", "--out", trained)[0] == 0
    output = tmp_path / "out" / "net.py"
    output.parent.mkdir()
    code, said, err = run("export", trained, "--to", "python", "-o", output, "--allow-code")
    assert code == 0, err
    assert "It imports tanh_block.py, which must lie beside it." in said
    text = output.read_text()
    assert "import tanh_block\n" in text
    assert "self.my_tanh = OwnBlock(tanh_block.forward, tanh_block.backward)" in text
    code = subprocess.run([sys.executable, str(output)], capture_output=True, text=True, cwd=output.parent)
    assert code.returncode == 0, code.stderr


def test_a_written_file_never_takes_the_place_of_the_own_one(run, project) -> None:
    code, _, err = run("export", project, "--to", "python", "-o", project.with_name("tanh_block.py"), "--allow-code")
    assert code == 1
    assert "a block of the drawing runs a file of that name" in err
    assert project.with_name("tanh_block.py").read_text() == SQUARE.format(slope=RIGHT)


def test_a_file_that_is_not_there_is_named(run, project) -> None:
    (project.parent / "tanh_block.py").unlink()
    code, _, err = run("check", project, "--allow-code")
    assert code == 1
    assert f"There is no Python file tanh_block.py in {project.parent.resolve()}." in err
    assert "Allowed" not in err
