"""What would make a run fail is said before, with the block, the sentence and the repair."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.data.catalogue import DATASETS
from engine.graph.graph import Block, Graph, Learning, PortRef, Wire, sorted_wires
from engine.training.check_plan import check_plan
from engine.training.plan import ContrastiveDivergence, Plan, Settings, Supervised, add_contrastive_divergence
from tests.engine.training.conftest import draw

LAYERS = ("flatten", ("dense", {"out_features": 32}), "relu", ("dense", {"out_features": 10}))
replace = msgspec.structs.replace


def checked(graph, *stages, rows=1257, **options):
    settings = {name: options.pop(name) for name in ("batch_size", "threads", "seed") if name in options}
    plan = Plan(stages or (Supervised(),), **settings)
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    counts = {"digits": rows}
    return check_plan(graph, plan, DATASETS, BLOCK_TYPES, analysis, training_rows=counts, **options)


def codes(problems):
    return [problem.code for problem in problems]


def with_input(graph, **parameters):
    block = graph.blocks["in"]
    changed = replace(block, parameters={**block.parameters, **parameters})
    return replace(graph, blocks={**graph.blocks, "in": changed})


def test_a_sound_plan_has_no_problems(drawing):
    assert checked(drawing(*LAYERS)) == ()


def test_an_empty_drawing_is_left_to_the_analysis():
    assert check_plan(Graph(), Plan(), DATASETS, BLOCK_TYPES) == ()


def test_no_loss(drawing):
    (problem,) = checked(drawing(*LAYERS, loss=None))
    assert (problem.code, problem.severity) == ("no-loss", "error")


def test_no_loss_beside_an_rbm_offers_contrastive_divergence(drawing):
    (problem,) = checked(drawing("flatten", "rbm", loss=None))
    assert problem.code == "no-loss-energy"
    assert problem.path == ("l1",)
    assert problem.fixes[0].edit == "add_contrastive_divergence"
    assert problem.fixes[0].arguments == ("l1",)
    assert problem.sentence == "There is no loss. Train “rbm 1” by contrastive divergence, or add a loss."


def test_a_convolutional_rbm_is_offered_the_same(drawing):
    graph = drawing("conv_rbm", loss=None)
    (problem,) = checked(graph)
    assert (problem.code, problem.path) == ("no-loss-energy", ("l0",))
    assert problem.fixes[0].label == "Train it by contrastive divergence"
    settings = add_contrastive_divergence(Settings(), *problem.fixes[0].arguments)
    assert settings.plan.stages == (ContrastiveDivergence("l0"),)
    assert checked(graph, *settings.plan.stages) == ()


def test_a_stage_on_a_block_that_is_no_boltzmann_machine(drawing):
    (problem,) = checked(drawing("flatten", "hopfield", loss=None), ContrastiveDivergence("l1"))
    assert (problem.code, problem.path) == ("stage-kind", ("l1",))
    assert problem.sentence.startswith("Stage 1 trains ")
    assert "by contrastive divergence, but it is no Boltzmann machine. Choose an RBM" in problem.sentence
    assert problem.fixes[0].edit == "remove_stage"


def test_contrastive_divergence_needs_no_loss(drawing):
    assert checked(drawing("flatten", "rbm", loss=None), ContrastiveDivergence("l1")) == ()


def test_no_target(drawing):
    graph = drawing(*LAYERS)
    open_target = replace(graph, wires=tuple(wire for wire in graph.wires if wire.target.port != "target"))
    plan = Plan((Supervised(),))
    (problem,) = check_plan(open_target, plan, DATASETS, BLOCK_TYPES)
    assert (problem.code, problem.path, problem.port) == ("no-target", ("loss",), "target")
    # the analysis tells it too: it is not said twice
    assert codes(checked(open_target)) == []


def test_no_dataset_stops_a_run_but_is_advice_to_a_check(drawing):
    graph = with_input(drawing(*LAYERS), dataset="")
    assert [(problem.code, problem.severity) for problem in checked(graph)] == [("no-dataset", "error")]
    assert [problem.severity for problem in checked(graph, for_run=False)] == ["advice"]


def test_unknown_dataset(drawing):
    (problem,) = checked(with_input(drawing(*LAYERS), dataset="imagenet"))
    assert problem.code == "unknown-dataset"
    assert "digits" in problem.advice


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        (("image: 1×8×8 float32", "label: 12 classes"), "label: 10 classes"),
        (("image: 1×8×8 float32", "label: 10 classes", "mask: 8 float32"), "no mask"),
    ],
)
def test_a_promise_that_the_dataset_does_not_keep(drawing, fields, given):
    classes = int(fields[1].split()[1])
    graph = with_input(drawing(*LAYERS[:-1], ("dense", {"out_features": classes})), fields=fields)
    (problem,) = checked(graph)
    assert problem.code == "dataset-field"
    assert problem.facts["given"] == given


def test_blocks_of_a_type_that_is_not_here_are_left_to_the_analysis(drawing):
    graph = drawing(*LAYERS)
    unknown = replace(graph.blocks["in"], type="a newer one")
    assert codes(checked(replace(graph, blocks={**graph.blocks, "in": unknown}))) == []
    (problem,) = checked(
        replace(graph, blocks={**graph.blocks, "l1": replace(graph.blocks["l1"], type="a newer one")}),
        ContrastiveDivergence("l1"),
        Supervised(),
    )
    assert problem.code == "stage-kind"
    assert "a newer one" in problem.sentence


def test_inputs_on_sets_of_different_length(drawing):
    graph = drawing(*LAYERS)
    second = Block("in2", "input", "flowers", {"dataset": "iris", "fields": ("features: 4 float32",)})
    problems = checked(replace(graph, blocks={**graph.blocks, "in2": second}))
    assert codes(problems) == ["rows-differ", "dead-branch"], "nobody reads the second"


def test_too_few_outputs_offers_the_number_of_classes(drawing):
    (problem,) = checked(drawing("flatten", ("dense", {"out_features": 7})))
    assert problem.code == "too-few-outputs"
    assert problem.facts["outputs"] == 7
    assert problem.fixes[0].arguments == ("l1", "out_features", 10)


@pytest.mark.parametrize(("batch", "rows", "which"), [(1, 1257, "first"), (64, 1281, "last"), (64, 1257, None)])
def test_batch_norm_over_a_single_value(drawing, batch, rows, which):
    graph = drawing("flatten", "batch_norm1d", ("dense", {"out_features": 10}))
    problems = checked(graph, batch_size=batch, rows=rows)
    assert codes(problems) == (["batch-norm-single"] if which else [])
    if which:
        assert problems[0].facts["which"] == which
        (better,) = problems[0].fixes[0].arguments
        assert rows % better != 1


def test_batch_norm_of_pictures_has_more_than_one_value(drawing):
    graph = drawing("batch_norm2d", "flatten", ("dense", {"out_features": 10}))
    assert checked(graph, batch_size=1) == ()


def test_a_batch_larger_than_the_data_is_a_warning(drawing):
    (problem,) = checked(drawing(*LAYERS), batch_size=5000)
    assert (problem.code, problem.severity) == ("batch-size", "warning")
    assert problem.fixes[0].arguments == (1257,)


def test_nothing_trains_where_all_is_frozen(drawing):
    frozen = {id: Learning(frozen=True) for id in ("l1", "l3")}
    assert codes(checked(drawing(*LAYERS, learning=frozen))) == ["nothing-trains"]


def test_nothing_is_said_of_weights_behind_an_input_that_is_missing(drawing):
    graph = drawing(*LAYERS)
    cut = tuple(wire for wire in graph.wires if wire.target != PortRef("l0", "input"))
    assert "nothing-trains" not in codes(checked(replace(graph, wires=cut)))


def test_a_block_that_reaches_no_loss(drawing):
    graph = drawing(*LAYERS)
    idle = Block("idle", "dense", "idle")
    wires = sorted_wires([*graph.wires, Wire(PortRef("l0", "output"), PortRef("idle", "input"))])
    (problem,) = checked(replace(graph, blocks={**graph.blocks, "idle": idle}, wires=wires))
    assert (problem.code, problem.severity, problem.path) == ("not-connected", "warning", ("idle",))


def test_blocks_inside_containers_are_seen_through_their_borders(drawing):
    ids = iter("abcdefg")
    body = BLOCK_TYPES["residual"].body(lambda: next(ids))
    graph = drawing("flatten", ("dense", {"out_features": 10}))
    entry = next(block.id for block in body.blocks.values() if block.type == "entry")
    exit = next(block.id for block in body.blocks.values() if block.type == "exit")
    residual = Block("res", "residual", "residual", body=body)
    wires = [wire for wire in graph.wires if wire.target.block != "l0"]
    wires += [
        Wire(PortRef("in", "image"), PortRef("res", entry)),
        Wire(PortRef("res", exit), PortRef("l0", "input")),
    ]
    inside = replace(graph, blocks={**graph.blocks, "res": residual}, wires=sorted_wires(wires))
    assert checked(inside) == ()
    cut = replace(inside, wires=tuple(wire for wire in inside.wires if wire.source.block != "res"))
    told = check_plan(cut, Plan(), DATASETS, BLOCK_TYPES, Analyser(BLOCK_TYPES).analyse(inside))
    assert {problem.path for problem in told if problem.code == "not-connected"} == {("res", "b"), ("res", "d")}


@pytest.mark.parametrize(("block", "code"), [("gone", "stage-block"), ("l1", "stage-kind")])
def test_a_stage_that_trains_no_rbm(drawing, block, code):
    problems = checked(drawing(*LAYERS), Supervised(), ContrastiveDivergence(block))
    assert codes(problems) == [code]
    assert problems[0].facts["stage"] == 2
    assert (problems[0].fixes[0].edit, problems[0].fixes[0].arguments) == ("remove_stage", (1,))


@pytest.mark.parametrize(
    ("stage", "settings", "words"),
    [
        (Supervised(epochs=0), {}, "Epochs is 0"),
        (Supervised(learning_rate=0.0), {}, "Learning rate is 0"),
        (Supervised(learning_rate=float("nan")), {}, "Learning rate is nan"),
        (Supervised(momentum=1.0), {}, "Momentum is 1"),
        (Supervised(weight_decay=-1.0), {}, "Weight decay is -1"),
        (Supervised(), {"batch_size": 0}, "Batch size is 0"),
        (Supervised(), {"threads": 0}, "Threads is 0"),
        (Supervised(), {"threads": 1025}, "Threads is 1025"),
        (Supervised(), {"seed": -1}, "Seed is -1"),
        (Supervised(), {"seed": 2**63}, "Seed is 9 223 372 036 854 775 808"),
        (Supervised(epochs=10**30), {}, "Epochs is 1" + 10 * " 000"),
    ],
)
def test_settings_out_of_range(drawing, stage, settings, words):
    (problem,) = checked(drawing(*LAYERS), stage, **settings)
    assert problem.code == "setting-range"
    assert problem.sentence.replace("\u2009", " ").startswith(f"{words}, out of range")


def test_a_plan_needs_a_stage(drawing):
    problems = check_plan(drawing(*LAYERS), Plan(()), DATASETS, BLOCK_TYPES)
    assert codes(problems) == ["no-stages"]


def test_errors_come_first(drawing):
    graph = drawing("flatten", ("dense", {"out_features": 7}))
    assert codes(checked(graph, batch_size=5000)) == ["too-few-outputs", "batch-size"]


def test_checking_needs_no_torch():
    code = "import sys, engine.training.check_plan; assert not {'torch', 'sklearn'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def penalised(source, *, loss):
    """An encoder with a contractive penalty that reads the code and `source`."""
    layers = ("flatten", ("dense", {"out_features": 32}), ("dense", {"out_features": 10}))
    graph = draw(*layers, loss="cross_entropy" if loss else None)
    blocks = {**graph.blocks, "other": Block("other", "flatten", "Other")}
    blocks["penalty"] = Block("penalty", "contractive", "Penalty")
    ends = (
        ("in", "image", "other", "input"),
        (source, "output", "penalty", "input"),
        ("l1", "output", "penalty", "code"),
    )
    wires = [Wire(PortRef(a, b), PortRef(c, d)) for a, b, c, d in ends]
    return Graph(blocks=blocks, wires=sorted_wires([*graph.wires, *wires]))


@pytest.mark.parametrize(("loss", "severity"), [(False, "error"), (True, "warning")])
def test_a_contractive_penalty_needs_a_code_made_from_its_input(loss, severity):
    assert "code-apart" not in codes(checked(penalised("l0", loss=loss)))
    for apart in ("other", "l1"):
        problem = next(found for found in checked(penalised(apart, loss=loss)) if found.code == "code-apart")
        assert (problem.severity, problem.path) == (severity, ("penalty",))
        assert problem.sentence.startswith(
            "Contractive penalty “Penalty” reads a code that is not made from its input."
        )


def pointing(graph, *wires, **blocks):
    """The drawing with more blocks and wires; "l1.indices>un.indices" """
    ends = [[PortRef(*end.split(".")) for end in wire.split(">")] for wire in wires]
    return Graph(blocks={**graph.blocks, **blocks}, wires=sorted_wires([*graph.wires, *(Wire(*end) for end in ends)]))


@pytest.mark.parametrize(("rows", "found"), [(10, []), (9, ["too-few-rows"])])
def test_an_embedding_of_labels_has_a_row_for_each_class(rows, found):
    graph = draw(*LAYERS)
    embedding = Block("e", "embedding", "Names", {"num_embeddings": rows, "embedding_dim": 10})
    loss = Block("e2", "squared_error", "Closer")
    graph = pointing(graph, "in.label>e.input", "e.output>e2.prediction", "l3.output>e2.target", e=embedding, e2=loss)
    problems = [problem for problem in checked(graph) if problem.severity == "error"]
    assert codes(problems) == found
    if problems:
        assert problems[0].sentence.startswith("Embedding “Names” has rows for 9 of 10 classes only. Each class needs")
        assert problems[0].fixes[0].arguments == ("e", "num_embeddings", 10)


@pytest.mark.parametrize(("labels", "found"), [(10, []), (9, ["too-few-labels"]), (12, [])])
def test_an_rbm_has_a_label_unit_for_each_class(labels, found):
    graph = draw("flatten", ("rbm", {"labels": labels}), loss=None)
    graph = pointing(graph, "in.label>l1.label")
    stage = ContrastiveDivergence("l1", epochs=1)
    problems = [problem for problem in checked(graph, stage) if problem.severity == "error"]
    assert codes(problems) == found
    if problems:
        assert problems[0].sentence == (
            "RBM “rbm 1” has label units for 9 of 10 classes only. Each class needs a unit of its own."
        )
        assert (problems[0].port, problems[0].fixes[0].arguments) == ("label", ("l1", "labels", 10))


@pytest.mark.parametrize(
    ("window", "unpool", "severity"),
    [((2, 2), (2, 2), None), ((3, 3), (3, 3), "error"), ((2, 2), (3, 3), "warning"), ((2, 2), (1, 1), "error")],
)
def test_an_unpool_fills_the_map_that_its_pool_looked_at(window, unpool, severity):
    pool = ("max_pool2d", {"kernel_size": window, "return_indices": True})
    graph = draw(("conv2d", {"out_channels": 4}), pool, loss=None)
    blocks = {
        "un": Block("un", "max_unpool2d", "Back", {"kernel_size": unpool}),
        "flat": Block("flat", "flatten", "Flatten"),
        "head": Block("head", "dense", "Head", {"out_features": 10}),
        "loss": Block("loss", "cross_entropy", "Loss"),
    }
    wires = ("l1.output>un.input", "l1.indices>un.indices", "un.output>flat.input", "flat.output>head.input")
    graph = pointing(graph, *wires, "head.output>loss.logits", "in.label>loss.target", **blocks)
    found = [problem for problem in checked(graph) if problem.code == "places-elsewhere"]
    assert [problem.severity for problem in found] == ([severity] if severity else [])
    for problem in found:
        assert problem.path == ("un",)
        assert "but its places come from “max_pool2d 1”, which looked at 8×8." in problem.sentence
        (fix,) = problem.fixes
        mended = pointing(graph, ">".join(f"{end.block}.{end.port}" for end in fix.arguments))
        assert "places-elsewhere" not in codes(checked(mended))


@pytest.mark.parametrize(("dataset", "found"), [("moons", []), ("iris", ["two-classes"])])
def test_a_loss_of_two_classes_takes_no_label_of_more(dataset, found):
    source = DATASETS[dataset].fields[0].name
    graph = draw(
        ("dense", {"out_features": 1}),
        loss="binary_cross_entropy",
        dataset=dataset,
        source=source,
        fields=tuple(field.text for field in DATASETS[dataset].fields),
    )
    problems = checked(graph)
    assert codes(problems) == found
    for problem in problems:
        assert problem.severity == "error"
        assert "tells two classes apart, but its target has 3. Use a cross-entropy behind 3" in problem.sentence
    graph = draw(
        ("dense", {"out_features": 3}),
        loss=None,
        dataset=dataset,
        source=source,
        fields=tuple(field.text for field in DATASETS[dataset].fields),
    )
    wires = ("l0.output>pair.a", "twin.output>pair.b", f"in.{source}>twin.input", "in.label>pair.target")
    for type in ("contrastive", "cosine_embedding"):
        pairs = pointing(
            graph, *wires, twin=Block("twin", "dense", "Twin", {"out_features": 3}), pair=Block("pair", type, "Pair")
        )
        assert codes(checked(pairs)) == found
