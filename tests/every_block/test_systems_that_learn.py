"""Systems of the courses, built from blocks and trained by a plan, reach what the courses tell of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.python_source import write_source
from engine.graph.edits import set_learning
from engine.graph.graph import Graph, Learning
from engine.graph.scope import Scope
from engine.training.evaluate import evaluate
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Stage, Supervised, TrainingRequest
from engine.training.session import Session
from resources.reference_sketch import Sketch
from tests.every_block.drawings_of_courses import (
    CAPTION_FIELDS,
    GESTURE_FIELDS,
    captioner,
    curve,
    gestures,
    masked_digits,
    masks_from_outside,
)
from tests.every_block.exporting import ANALYSER, exported_equal, with_weights
from tests.every_block.learning import learned, learned_from_file, made, seen_at, session_of

COARSE_TO_FINE = (Supervised(10, learning_rate=0.01), Supervised(3, learning_rate=0.001))
"""Two stages stand for a rate that falls."""

WORDS = ("<start>", "<end>", "small", "large", "square", "cross", "frame", "left", "right")


def captioned_shapes(rows: int) -> dict[str, np.ndarray]:
    """Shapes in a little noise and what is said of them: size, kind, side."""
    random = np.random.default_rng(0)
    image = random.normal(0, 0.1, (rows, 1, 12, 12)).astype(np.float32)
    caption = np.zeros((rows, 5), np.int64)
    for row in range(rows):
        size, kind, side = (int(choice) for choice in random.integers(0, (2, 3, 2)))
        width = 3 + 2 * size
        shape = np.zeros((width, width), np.float32)
        if kind == 1:
            shape[width // 2] = shape[:, width // 2] = 1
        else:
            shape[:] = 1
            shape[1:-1, 1:-1] = kind == 0
        top, left = random.integers(0, 13 - width), random.integers(0, 7 - width) + 6 * side
        image[row, 0, top : top + width, left : left + width] += shape
        caption[row] = 0, 2 + size, 4 + kind, 7 + side, 1
    return {"image": image, "given": caption[:, :-1].copy(), "following": caption[:, 1:].copy()}


def test_pictures_are_captioned_by_the_written_file_word_for_word() -> None:
    data = made(CAPTION_FIELDS, captioned_shapes(1200), 1000)
    graph = captioner(len(WORDS)).drawing.graph
    session, test = learned(graph, *COARSE_TO_FINE, data=data)
    assert test["accuracy"] >= 0.97
    source = write_source(graph, BLOCK_TYPES, "Captioner", ANALYSER)
    speaker = with_weights(source, session.network)
    image = torch.from_numpy(data.arrays["image"][data.test])
    said = torch.zeros(len(image), 1, dtype=torch.int64)
    with torch.no_grad():
        for _ in range(4):
            said = torch.cat((said, speaker(image, said)[:, :, -1].argmax(dim=1, keepdim=True)), dim=1)
    right = (said[:, 1:].numpy() == data.arrays["following"][data.test]).all(axis=1)
    assert right.mean() >= 0.9


def strokes(rows: int, steps: int = 24) -> dict[str, np.ndarray]:
    """Lines, circles, zigzags and corners, turned, scaled, moved and drawn with a trembling hand."""
    random, t = np.random.default_rng(1), np.linspace(0, 1, steps)
    drawn = (
        (t, 0 * t),
        (np.cos(2 * np.pi * t) / 2, np.sin(2 * np.pi * t) / 2),
        (t, np.abs(4 * t % 2 - 1) / 2),
        (np.minimum(2 * t, 1), np.maximum(2 * t - 1, 0)),
    )
    label = random.integers(0, len(drawn), rows)
    stroke = np.empty((rows, steps, 2), np.float32)
    for row, kind in enumerate(label):
        angle = random.uniform(-0.4, 0.4)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = turn @ np.stack(drawn[kind]) * random.uniform(0.6, 1.4) + random.normal(0, 0.3, (2, 1))
        stroke[row] = (moved + random.normal(0, 0.02, moved.shape)).T
    return {"stroke": stroke, "label": label}


def test_gestures_are_told_apart() -> None:
    graph = gestures().drawing.graph
    _, test = learned(graph, *COARSE_TO_FINE, data=made(GESTURE_FIELDS, strokes(1000), 800))
    assert test["accuracy"] >= 0.95
    exported_equal(graph)


def added(kind: str) -> float:
    """The squared error of a recurrent layer that learned to add two marked numbers among thirty."""
    net = Sketch.of("adding")
    net.add(kind, hidden_size=32)
    net.dense(1)
    net.loss("squared_error", "input.sum")
    _, test = learned(net.drawing.graph, Supervised(30, learning_rate=0.01), batch_size=32)
    return test["loss"]


def test_an_lstm_learns_to_add_where_a_plain_rnn_does_not() -> None:
    assert added("lstm") < 0.02
    assert added("rnn") > 0.1


def worst_error(width: int) -> float:
    """Of one hidden layer that learned x·sin(2πx), over a grid finer than the points it saw."""
    x = np.concatenate((np.linspace(-1, 1, 400), np.linspace(-1, 1, 202)[1:-1])).astype(np.float32)[:, None]
    y = (x * np.sin(2 * np.pi * x)).astype(np.float32)
    plan = (Supervised(200, learning_rate=0.01), Supervised(40, learning_rate=0.001))
    net = curve(width)
    session, _ = learned(net.drawing.graph, *plan, data=made(("x: 1 float32", "y: 1 float32"), {"x": x, "y": y}, 400))
    output = next(block.id for block in net.drawing.graph.blocks.values() if block.name == "Output")
    grid = torch.linspace(-1, 1, 2001)[:, None]
    with torch.no_grad():
        (given,) = session.network.slice((f"{output}/output",)).module(grid)
    return float((given - grid * torch.sin(2 * torch.pi * grid)).abs().max())


def test_a_wide_hidden_layer_is_within_a_twentieth_of_a_curve() -> None:
    narrow, wide = worst_error(5), worst_error(100)
    assert wide < 0.05 < narrow


def rebuilt_by_axes(values: np.ndarray, axes: int) -> float:
    """The mean squared error of the best rebuilding from so many principal axes."""
    centred = values - values.mean(axis=0)
    spread = np.linalg.eigvalsh(centred.T @ centred)
    return float(spread[:-axes].sum() / values.size)


def test_a_linear_autoencoder_is_pca() -> None:
    net = Sketch.of("digits")
    pixels = net.add("flatten")
    net.dense(10, "Code")
    net.dense(64, "Rebuilt")
    net.loss("squared_error", pixels)
    plan = [Supervised(epochs, learning_rate=rate) for epochs, rate in ((60, 0.02), (15, 0.002), (5, 0.0002))]
    session, _ = learned(net.drawing.graph, *plan)
    (seen,) = seen_at(session, "train", f"{pixels}/output")
    least = rebuilt_by_axes(seen.numpy().astype(np.float64), 10)
    assert least <= evaluate(session, "train")["loss"] <= 1.001 * least


def needles(rows: int) -> dict[str, np.ndarray]:
    """Pictures of one line each, and all that there is to know of them: its angle and where it lies."""
    known = np.random.default_rng(0).uniform(0, 1, (rows, 2)).astype(np.float32)
    angle, offset = (known[:, column, None, None] for column in (0, 1))
    y, x = np.meshgrid(np.linspace(-1, 1, 16), np.linspace(-1, 1, 16), indexing="ij")
    across = x * np.cos(0.9 * np.pi * angle) + y * np.sin(0.9 * np.pi * angle) - 0.8 * (offset - 0.5)
    image = np.exp(-np.square(across / 0.15) / 2)[:, None]
    return {"image": image.astype(np.float32), "known": known}


def explained(code: np.ndarray, known: np.ndarray, train: int) -> float:
    """The least R² of what the five nearest codes of the training part say of the other samples' parameters."""
    places = torch.from_numpy(code.astype(np.float32))
    near = torch.cdist(places[train:], places[:train]).topk(5, largest=False).indices
    told, true = known[:train][near.numpy()].mean(axis=1), known[train:]
    return float((1 - np.square(told - true).mean(axis=0) / true.var(axis=0)).min())


def test_a_code_of_two_numbers_finds_the_two_parameters_of_a_picture() -> None:
    net = Sketch.of("made", ("image: 1×16×16 float32", "known: 2 float32"))
    flat = net.add("flatten")
    for width in (64, 32):
        net.dense(width)
        net.add("relu")
    code = net.dense(2, "Code")
    for width in (32, 64):
        net.dense(width)
        net.add("relu")
    net.dense(256)
    rebuilt = net.add("sigmoid")
    net.loss("reconstruction_cross_entropy", flat)
    train, arrays = 1500, needles(1900)
    data = made(("image: 1×16×16 float32", "known: 2 float32"), arrays, train)
    plan = (Supervised(30, learning_rate=0.003), Supervised(5, learning_rate=0.0005))
    session, _ = learned(net.drawing.graph, *plan, data=data)
    pixels = arrays["image"].reshape(len(arrays["image"]), -1)
    with torch.no_grad():
        codes, given = (
            part.numpy()
            for part in session.network.slice((f"{code}/output", f"{rebuilt}/output")).module(
                torch.from_numpy(arrays["image"])
            )
        )
    centred = pixels - pixels[:train].mean(axis=0)
    axes = np.linalg.eigh(centred[:train].T @ centred[:train])[1][:, -2:].T
    flat_codes = centred @ axes.T
    assert explained(codes, arrays["known"], train) >= max(0.9, explained(flat_codes, arrays["known"], train))
    error, flat_error = (np.square(wrong[train:]).mean() for wrong in (given - pixels, centred - flat_codes @ axes))
    assert error < flat_error / 2


Split = tuple[float, float, float]
FEW = (100 / 1797, 0.45 - 100 / 1797, 0.55)
"""A hundred digits with labels; the other parts of the split leave the test part as it is in MANY."""
MANY = (0.44, 0.01, 0.55)


def believer(frozen: bool) -> tuple[Graph, tuple[str, ...]]:
    """Two RBMs and a classifier."""
    net = Sketch.of("digits")
    net.add("flatten")
    machines = tuple(net.add("rbm", f"RBM {number}", hidden=128) for number in (1, 2))
    net.dense(10, "Output")
    net.loss("cross_entropy", "input.label")
    graph = net.drawing.graph
    for machine in machines if frozen else ():
        graph = set_learning(graph, Scope(types=BLOCK_TYPES), machine, Learning(frozen=True))
    return graph, machines


def test_pictures_without_labels_help_where_labels_are_few(tmp_path: Path) -> None:
    def request(graph: Graph, split: Split, *stages: Stage, weights: str | None = None) -> TrainingRequest:
        plan = Plan(stages, batch_size=20, threads=1, device="cpu")
        return TrainingRequest("r", graph, plan, (DatasetRef("digits", split=split),), weights=weights)

    whole, machines = believer(frozen=False)
    features, _ = believer(frozen=True)
    blind = [ContrastiveDivergence(machine, 15) for machine in machines]
    _, pretrained = learned_from_file(request(whole, MANY, *blind), tmp_path / "pretrained")
    told = Supervised(20, learning_rate=0.003)
    accuracy = {
        name: learned_from_file(request(graph, FEW, told, weights=weights), tmp_path / name)[0]["accuracy"]
        for name, graph, weights in (
            ("supervised", whole, None),
            ("fine-tuned", whole, pretrained),
            ("flat", features, pretrained),
        )
    }
    assert accuracy["supervised"] < accuracy["flat"] - 0.1 < accuracy["fine-tuned"] - 0.1


def right(scores: Tensor, session: Session) -> float:
    (label,) = session.gather(("input/label",), "test", 0, session.count("test"))
    return (scores.argmax(dim=1) == label).double().mean().item()


def test_the_mean_of_many_masks_is_as_good_as_the_scaled_net() -> None:
    """In the drawing, and with masks that the written file is given."""
    units, passes = 128, 200
    plain, averaged = masked_digits(units, passes)
    data = DatasetRef("digits", split=(0.4, 0.05, 0.55))
    trained, scaled = learned(plain, Supervised(60, learning_rate=0.003), data=data)
    session = session_of(averaged, Supervised(1), data=data)
    assert session.network.load_state(trained.network.state())[1] == []
    found = evaluate(session, "test")
    assert found["accuracy.Cross-entropy"] == scaled["accuracy"] > 0.9
    assert found["accuracy.NLL"] == pytest.approx(scaled["accuracy"], abs=0.003)
    outside = masks_from_outside(units)
    source = write_source(outside, BLOCK_TYPES, "Masked", ANALYSER)
    alone = session_of(outside)
    alone.network.block("b02").load_state_dict(trained.network.block("b02").state_dict())
    alone.network.block("b05").load_state_dict(trained.network.block("b05").state_dict())
    model = with_weights(source, alone.network)
    (image,) = trained.gather(("input/image",), "test", 0, trained.count("test"))
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        ones = model(image, torch.ones(len(image), units))
        mean = sum(
            model(image, 2 * torch.randint(0, 2, (len(image), units), generator=random)).softmax(dim=1)
            for _ in range(passes)
        )
    assert right(ones, trained) == scaled["accuracy"]
    assert right(mean, trained) == pytest.approx(scaled["accuracy"], abs=0.003)


def unreached(activation: str) -> list[float]:
    """The share of units of each layer whose weights no sample of the digits would change any more."""
    net = Sketch.of("digits")
    net.add("flatten")
    layers = []
    for _ in range(2):
        layers.append(net.dense(128))
        net.add(activation)
    net.dense(10)
    net.loss("cross_entropy", "input.label")
    session, _ = learned(net.drawing.graph, Supervised(8, learning_rate=0.1))
    part = session.network.training_slice()
    total, *_ = part.module(*session.gather(part.inputs, "train", 0, session.count("train")))
    total.backward()
    return [(session.network.block(id).weight.grad == 0).all(dim=1).double().mean().item() for id in layers]


def test_units_of_relu_die_of_too_high_a_rate_and_leaky_ones_live() -> None:
    assert min(unreached("relu")) > 0.3
    assert max(unreached("leaky_relu")) < 0.01
