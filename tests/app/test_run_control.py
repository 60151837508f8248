"""Which weights the window speaks of while runs are asked for, fail, die and are thrown away."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from app.run_control import RunControl, Weights
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import set_parameter
from engine.graph.graph import Block, Graph
from engine.graph.problem import Problem
from engine.training.events import Checkpointed, Failed, Started
from engine.training.plan import Settings
from graph_editor.document import Document


class Link:
    """Stands where the worker is; keeps what was sent."""

    alive = True
    client = SimpleNamespace(problem=None)

    def __init__(self) -> None:
        self.sent: list = []

    def on(self, kind: type, handler: object) -> None: ...

    def send(self, message: object) -> None:
        self.sent.append(message)


@pytest.fixture
def runs(qapp) -> RunControl:
    document = Document(Graph(blocks={"d": Block(id="d", type="dense", name="Dense")}), BLOCK_TYPES, Settings())
    return RunControl(document, Link())


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "a1-50.safetensors"
    path.write_bytes(b"")
    return path


def test_weights_are_of_the_edited_network_only_once_a_run_has_taken_them(runs, weights) -> None:
    runs.opened(5, {}, Weights(weights, runs._document.graph))
    runs._document.edit("Set units", set_parameter, "d", "out_features", 3)
    assert runs.state.edited
    runs.continue_fitting()
    assert runs.is_edited(runs.kept_weights), "what is saved now has the weights of another network"
    runs._take(Failed(runs.state.run, problem=Problem(code="no-loss")))
    assert runs.state.edited
    assert runs.checkpoint == weights
    runs.continue_fitting()
    runs._take(Started(runs.state.run, device="cpu", threads=1, steps_per_epoch=10, samples=100, stages=(20,)))
    assert not runs.is_edited(runs.kept_weights)


def test_a_run_that_died_in_the_middle_goes_on_there_after_a_reset_that_is_taken_back(runs, weights) -> None:
    runs.run()
    run = runs.state.run
    runs._take(Started(run, device="cpu", threads=1, steps_per_epoch=10, samples=100, stages=(20,)))
    runs._take(Checkpointed(run, step=50, path=str(weights)))
    runs.worker_died("killed")
    runs.reset()
    runs.revive()
    assert runs.bring_back()
    runs.continue_run()
    sent = runs._link.sent[-1]
    assert (sent.fresh, sent.request.resume, sent.request.weights) == (True, True, str(weights))


def test_the_key_of_the_first_button_does_nothing_where_it_cannot_be_pressed(runs, weights) -> None:
    runs.opened(5, {}, Weights(weights, runs._document.graph))
    runs.worker_died("killed")
    runs.toggle()
    runs.run()
    assert (runs.checkpoint, runs.state.phase) == (weights, "dead")
    runs.revive()
    runs._document.load(Graph(), Settings())
    runs.opened(None, {}, Weights())
    runs.toggle()
    assert runs._link.sent == [], "nothing is drawn"


def test_continue_tells_the_worker_where_the_weights_lie(runs, weights) -> None:
    runs.opened(5, {}, Weights(weights, runs._document.graph))
    runs.continue_run()
    sent = runs._link.sent[-1]
    assert (sent.fresh, sent.request.resume, sent.request.weights) == (False, False, str(weights))


def test_weights_from_before_a_run_that_never_started_are_gone_on_from(runs, weights) -> None:
    runs.opened(5, {}, Weights(weights, runs._document.graph))
    runs.run()
    runs._take(Failed(runs.state.run, problem=Problem(code="device")))
    assert (runs.state.phase, runs.view().slot, runs.view().reset) == ("trained", "continue", True)
    runs.toggle()
    assert runs._link.sent[-1].request.weights == str(weights)
    assert weights in runs.wanted_files


def test_the_rest_of_a_run_that_died_is_still_done_after_a_try_that_never_started(runs, weights) -> None:
    runs.run()
    run = runs.state.run
    runs._take(Started(run, device="cpu", threads=1, steps_per_epoch=10, samples=100, stages=(20,)))
    runs._take(Checkpointed(run, step=50, path=str(weights)))
    runs.worker_died("killed")
    runs.revive()
    runs.continue_run()
    runs._take(Failed(runs.state.run, problem=Problem(code="device")))
    runs.toggle()
    sent = runs._link.sent[-1]
    assert (sent.fresh, sent.request.resume, sent.request.weights) == (True, True, str(weights))
