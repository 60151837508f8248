"""LeNet-5, drawn by the canvas' own edits, learns MNIST from the published files."""

from __future__ import annotations

from pathlib import Path

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.data.catalogue import DATASETS
from engine.graph.graph import Graph
from engine.project.drawing import Drawing
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import DatasetRef, Plan, Supervised, TrainingRequest


class Undisturbed:
    """A control that says nothing."""

    def take(self) -> tuple[()]:
        return ()

    def wait(self) -> tuple[()]:
        return ()


def lenet_5() -> Graph:
    """Convolutions 6 and 16 of 5×5, max pooling, C5 as a convolution, dense 84 and 10: 61,706 parameters."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset="mnist", fields=tuple(field.text for field in DATASETS["mnist"].fields))
    drawing.add("c1", "conv2d", out_channels=6, kernel_size=(5, 5))
    drawing.add("relu1", "relu")
    drawing.add("s2", "max_pool2d")
    drawing.add("c3", "conv2d", out_channels=16, kernel_size=(5, 5), padding="none")
    drawing.add("relu2", "relu")
    drawing.add("s4", "max_pool2d")
    drawing.add("c5", "conv2d", out_channels=120, kernel_size=(5, 5), padding="none")
    drawing.add("relu3", "relu")
    drawing.add("flatten", "flatten")
    drawing.add("f6", "dense", out_features=84)
    drawing.add("relu4", "relu")
    drawing.add("output", "dense", out_features=10)
    drawing.add("loss", "cross_entropy")
    drawing.chain(
        *("input.image", "c1", "relu1", "s2", "c3", "relu2", "s4", "c5", "relu3", "flatten", "f6", "relu4"),
        *("output", "loss.logits"),
    )
    drawing.wire("input.label", "loss.target")
    return drawing.graph


def test_lenet_5_has_the_published_number_of_parameters():
    assert Analyser(BLOCK_TYPES).analyse(lenet_5()).total.parameters == 61_706


def test_lenet_5_reaches_98_percent_in_three_epochs(shared_mnist: Path):
    request = TrainingRequest(
        run="lenet",
        graph=lenet_5(),
        plan=Plan(stages=(Supervised(epochs=3, learning_rate=0.002),), device="cpu"),
        datasets=(DatasetRef("mnist", folder=str(shared_mnist), standardise=True),),
    )
    events = list(train(request, Undisturbed()))
    end = events[-1]
    assert isinstance(end, Finished), end
    assert len([event for event in events if isinstance(event, EpochEnded)]) == 3
    assert end.test["accuracy"] >= 0.98
