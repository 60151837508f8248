"""Every check of a drawing: the fault drawn, its sentence, and where a repair is offered, the fault gone after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.data.catalogue import DATASETS
from engine.graph import edits
from engine.graph.graph import Block, Graph, Learning, PortRef, Wire, sorted_wires
from engine.graph.paths import within
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from engine.project.examples import example_ids, read_example
from engine.training import plan as plan_edits
from engine.training.check_plan import check_plan
from engine.training.plan import Plan, Settings, Supervised

replace = msgspec.structs.replace
SCOPE = Scope(types=BLOCK_TYPES)
ANALYSER = Analyser(BLOCK_TYPES)
ROWS = 1257


def problems(graph: Graph, plan: Plan) -> tuple[Problem, ...]:
    """What the window lists: of the analysis, then of the plan."""
    analysis = ANALYSER.analyse(graph)
    rows = {"digits": ROWS, "moons": 700}
    return analysis.problems + check_plan(graph, plan, DATASETS, BLOCK_TYPES, analysis, training_rows=rows)


def mended(graph: Graph, settings: Settings, problem: Problem, number: int) -> tuple[Graph, Settings]:
    """Drawing and settings after a press on one of the problem's buttons."""
    fix = problem.fixes[number]
    assert "?" not in fix.label, fix.label
    function = getattr(plan_edits, fix.edit, None)
    if function is not None:
        return graph, function(settings, *fix.arguments)
    ids = (tuple(f"new{index}" for index in range(fix.new_blocks)),) if fix.new_blocks else ()
    return within(graph, fix.body, getattr(edits, fix.edit), SCOPE, *ids, *fix.arguments), settings


class Net(Drawing):
    """Digits, in three ways: through nothing, flattened, convolved."""

    def __init__(self) -> None:
        super().__init__(BLOCK_TYPES)
        self.add("input", "input")

    def put(self, id: str, type: str, source: str, **parameters: Any) -> Net:
        """A block behind another."""
        self.add(id, type, **parameters)
        prediction = BLOCK_TYPES[type].prediction
        ports = BLOCK_TYPES[type].ports_of(self.graph.blocks[id], {}).inputs
        first = prediction.port if prediction is not None else ports[0].id
        self.wire(source, f"{id}.{first}")
        return self

    def learn(self, source: str, loss: str = "cross_entropy", target: str = "input.label") -> Net:
        """A loss on this output."""
        self.put("loss", loss, source)
        self.wire(target, "loss.target")
        return self

    def frozen(self, *ids: str) -> Net:
        """With these blocks frozen."""
        for id in ids:
            block = replace(self.graph.blocks[id], learning=Learning(frozen=True))
            self.graph = replace(self.graph, blocks={**self.graph.blocks, id: block})
        return self

    def over_moons(self) -> Net:
        """With the two moons in place of digits."""
        fields = {"dataset": "moons", "fields": ("point: 2 float32", "label: 2 classes")}
        block = replace(self.graph.blocks["input"], parameters=fields)
        self.graph = replace(self.graph, blocks={**self.graph.blocks, "input": block})
        return self


def sound() -> Net:
    """Flatten, 32 units, ReLU, 10 units, cross-entropy."""
    net = Net().put("flat", "flatten", "input.image").put("hidden", "dense", "flat", out_features=32)
    return net.put("act", "relu", "hidden").put("out", "dense", "act", out_features=10).learn("out")


def rank() -> Net:
    net = Net().put("out", "dense", "input.image", out_features=10)
    return net.learn("out")


def wrong_channels() -> Net:
    net = Net().put("shuffle", "pixel_shuffle", "input.image").put("flat", "flatten", "shuffle")
    return net.put("out", "dense", "flat", out_features=10).learn("out")


def wrong_dtype() -> Net:
    net = Net().put("flat", "flatten", "input.image").put("out", "dense", "flat", out_features=10)
    return net.put("act", "relu", "input.label").learn("out")


def wrong_shape() -> Net:
    net = Net().put("small", "conv2d", "input.image", out_channels=1, padding="none")
    net.put("sum", "add", "input.image")
    net.wire("small", "sum.b")
    return net.put("flat", "flatten", "sum").put("out", "dense", "flat", out_features=10).learn("out")


def residual() -> Net:
    net = Net().put("wide", "conv2d", "input.image", out_channels=3)
    net.add("skip", "residual", skip="identity")
    net.wire("wide", "skip")
    return net.put("flat", "flatten", "skip").put("out", "dense", "flat", out_features=10).learn("out")


def disconnected() -> Net:
    net = sound()
    net.add("lone", "input", dataset="digits", fields=("image: 1×8×8 float32",))
    return net.put("apart", "flatten", "lone.image").put("idle", "dense", "apart").put("end", "relu", "idle")


def waiting_for_its_loss() -> Net:
    net = Net().put("flat", "flatten", "input.image").put("out", "dense", "flat", out_features=10)
    net.add("loss", "cross_entropy")
    net.wire("input.label", "loss.target")
    return net


def unread_piece() -> Net:
    net = Net().put("cut", "split", "input.image", dim=2).put("flat", "flatten", "cut.a")
    return net.put("out", "dense", "flat", out_features=10).learn("out")


def unread_places() -> Net:
    net = Net().put("pool", "max_pool2d", "input.image", return_indices=True).put("flat", "flatten", "pool.output")
    return net.put("out", "dense", "flat", out_features=10).learn("out")


def unread_exit() -> Net:
    net = Net()
    type = BLOCK_TYPES["group"]
    assert type.body is not None
    body = type.body(iter(f"g{number}" for number in range(99)).__next__)
    (entry,) = [block.id for block in body.blocks.values() if block.type == "entry"]
    net.put("flat", "flatten", "input.image")
    net.graph = with_group(net.graph, body, entry)
    return net.put("out", "dense", "box.g1", out_features=10).learn("out")


def dead_branch() -> Net:
    return sound().put("spare", "tanh", "hidden").put("more", "sigmoid", "spare")


def doubled(activation: str) -> Net:
    net = Net().put("flat", "flatten", "input.image").put("out", "dense", "flat", out_features=10)
    return net.put("twice", activation, "out").learn("twice")


def doubled_sigmoid() -> Net:
    net = Net().over_moons().put("out", "dense", "input.point", out_features=1).put("twice", "sigmoid", "out")
    return net.learn("twice", "binary_cross_entropy")


def outputs(count: int) -> Net:
    net = Net().put("flat", "flatten", "input.image").put("out", "dense", "flat", out_features=count)
    return net.learn("out")


def linear_chain() -> Net:
    net = Net().put("flat", "flatten", "input.image").put("a", "dense", "flat", out_features=64)
    return net.put("out", "dense", "a", out_features=10).learn("out")


def normalised() -> Net:
    net = Net().put("flat", "flatten", "input.image").put("norm", "batch_norm1d", "flat")
    return net.put("out", "dense", "norm", out_features=10).learn("out")


def deep() -> Net:
    net = Net().put("flat", "flatten", "input.image")
    before = "flat"
    for number in range(21):
        net.put(f"d{number}", "dense", before, out_features=64).put(f"a{number}", "relu", f"d{number}")
        before = f"a{number}"
    return net.put("out", "dense", before, out_features=10).learn("out")


def with_group(graph: Graph, body: Graph, entry: str) -> Graph:
    """A group with one more Exit, at its Entry, behind the block `flat`."""
    more = Block("more", "exit", "More")
    wires = sorted_wires([*body.wires, Wire(PortRef(entry, "output"), PortRef("more", "input"))])
    body = replace(body, blocks={**body.blocks, "more": more}, wires=wires)
    box = Block("box", "group", "Box", body=body)
    joined = sorted_wires([*graph.wires, Wire(PortRef("flat", "output"), PortRef("box", entry))])
    return replace(graph, blocks={**graph.blocks, "box": box}, wires=joined)


Case = tuple[Callable[[], Net], Mapping[str, Any], str, str, str]
CHECKS: dict[str, Case] = {
    "rank": (
        rank,
        {},
        "rank",
        "error",
        "receives N×1×8×8 from “Input”. It reads one flat row per sample. Put a Flatten",
    ),
    "shape": (wrong_shape, {}, "shapes-differ", "error", "takes tensors of one shape but receives N×1×8×8 and N×1×6×6"),
    "residual": (residual, {}, "residual", "error", "adds its input N×3×8×8 to its body’s result N×16×8×8"),
    "channels": (wrong_channels, {}, "channels", "error", "expects a multiple of 4 channels but receives N×1×8×8"),
    "dtype": (wrong_dtype, {}, "dtype", "error", "expects values but receives labels (N, int64)"),
    "unread piece": (unread_piece, {}, "unread-output", "advice", "Nothing reads b of Split."),
    "unread places": (unread_places, {}, "unread-output", "advice", "Nothing reads places of Max pool."),
    "unread exit": (unread_exit, {}, "unread-output", "advice", "Nothing reads More of Group “Box”."),
    "disconnected part": (disconnected, {}, "not-connected", "warning", "is connected to no loss"),
    "waits for its loss": (waiting_for_its_loss, {}, "not-connected", "warning", "is connected to no loss"),
    "dead branch": (
        dead_branch,
        {},
        "dead-branch",
        "advice",
        "Sigmoid leads to no loss. Nothing uses what it computes",
    ),
    "softmax twice": (lambda: doubled("softmax"), {}, "softmax-twice", "warning", "already takes the softmax"),
    "sigmoid twice": (doubled_sigmoid, {}, "sigmoid-twice", "warning", "already takes the sigmoid"),
    "too few outputs": (lambda: outputs(7), {}, "too-few-outputs", "error", "gets 7 numbers a sample for 10 classes"),
    "spare outputs": (
        lambda: outputs(12),
        {},
        "spare-outputs",
        "advice",
        "gets 12 numbers a sample for 10 classes only",
    ),
    "linear chain": (linear_chain, {}, "linear-chain", "advice", "Two dense layers in a row are one"),
    "batch of 1": (normalised, {"batch_size": 1}, "batch-norm-single", "error", "the first batch has one sample"),
    "last of 1": (normalised, {"batch_size": 157}, "batch-norm-single", "error", "the last batch has one sample"),
    "all frozen": (
        lambda: sound().frozen("hidden", "out"),
        {},
        "nothing-trains",
        "error",
        "No block has weights that may change",
    ),
    "too deep": (deep, {}, "too-deep-plain", "advice", "22 layers with weights follow one another without a skip"),
}
"""The drawing, settings of the plan, code, severity, and words of the sentence."""
WITHOUT_REPAIR = {"shape", "channels", "dtype", "unread piece", "too deep"}
"""What to do there is for people to decide: the sentence tells it."""


@pytest.mark.parametrize("name", CHECKS)
def test_the_fault_is_told_and_its_repair_mends_it(name: str) -> None:
    draw, settings, code, severity, words = CHECKS[name]
    graph, plan = draw().graph, Plan((Supervised(),), **settings)
    told = [problem for problem in problems(graph, plan) if problem.code == code]
    assert told, [problem.sentence for problem in problems(graph, plan)]
    problem = told[0]
    assert problem.severity == severity
    assert words in problem.sentence, problem.sentence
    assert bool(problem.fixes) == (name not in WITHOUT_REPAIR)
    for number in range(len(problem.fixes)):
        better, changed = mended(graph, Settings(plan=plan), problem, number)
        left = problems(better, changed.plan)
        assert (code, problem.path) not in [(other.code, other.path) for other in left]
        news = {other.code for other in left} - {other.code for other in problems(graph, plan)}
        assert not news, "a repair that brings another fault"


def test_what_is_sound_is_left_alone() -> None:
    assert problems(sound().graph, Plan((Supervised(),))) == ()


def test_last_states_and_maps_may_stay_unread() -> None:
    for type, asked in (("lstm", "states"), ("self_attention", "attention_map")):
        net = Net().put("rows", "reshape", "input.image", shape=(8, 8))
        assert BLOCK_TYPES[type].parameter(asked) is not None, type
        net.put("read", type, "rows", **{asked: True}).put("flat", "flatten", "read.output")
        graph = net.put("out", "dense", "flat", out_features=10).learn("out").graph
        assert len(BLOCK_TYPES[type].ports_of(graph.blocks["read"], {}).outputs) > 1
        assert [problem.code for problem in problems(graph, Plan((Supervised(),)))] == []


def test_a_softmax_beside_the_loss_is_what_the_network_is_for() -> None:
    graph = sound().put("shares", "softmax", "out").graph
    assert problems(graph, Plan((Supervised(),))) == ()


def test_without_a_loss_nothing_is_unused() -> None:
    net = Net().put("cut", "split", "input.image", dim=2)
    assert [problem.code for problem in problems(net.graph, Plan((Supervised(),)))] == ["no-loss"]


def test_a_dead_branch_is_told_once_and_goes_whole() -> None:
    graph = dead_branch().graph
    (problem,) = problems(graph, Plan((Supervised(),)))
    assert [fix.label for fix in problem.fixes] == ["Remove 2 blocks"]
    better, _ = mended(graph, Settings(), problem, 0)
    assert better == sound().graph


def test_a_disconnected_part_goes_with_its_input() -> None:
    graph = disconnected().graph
    (problem,) = problems(graph, Plan((Supervised(),)))
    assert (problem.code, problem.path) == ("not-connected", ("idle",))
    better, _ = mended(graph, Settings(), problem, 0)
    assert better == sound().graph


def test_what_lacks_only_its_wire_to_the_loss_is_wired() -> None:
    told = {problem.code: problem for problem in problems(waiting_for_its_loss().graph, Plan((Supervised(),)))}
    assert [fix.label for fix in told["not-connected"].fixes][:1] == ["Wire Dense to Cross-entropy"]


@pytest.mark.parametrize("id", example_ids())
def test_no_example_is_nagged(id: str) -> None:
    project = read_example(id)
    analysis = ANALYSER.analyse(project.graph)
    found = check_plan(project.graph, project.settings.plan, DATASETS, BLOCK_TYPES, analysis, for_run=False)
    assert {problem.code for problem in (*analysis.problems, *found)} <= {"no-dataset"}


def test_a_wire_that_would_close_a_loop_is_not_offered() -> None:
    net = waiting_for_its_loss().put("scaled", "dropout", "loss")
    (problem,) = [told for told in problems(net.graph, Plan()) if told.code == "dead-branch"]
    assert [fix.label for fix in problem.fixes] == ["Remove Dropout"]
