"""Samples per second of Tensorloom's loop beside loops written by hand and other libraries, on MNIST.

    python tests/benchmarks/training_speed.py [--cases mlp lenet rbm] [--only tensorloom hand] [--threads N] [--json]

Contestants take turns in rounds, all with the same number of threads, and the medians are told: machines are noisy, so
only ratios within one run mean something. Each has a process of its own, as its users have: what one library sets there
(Tensorloom's loop has the C library keep freed memory) would change the others too. Libraries that are not installed
are left out. With --json the last line is one object {case: {contestant: samples per second}}. `tensorloom_window` is
the same run in the worker, with the window open off-screen and five live views drawing; the window needs a processor
of its own: see --threads.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KERAS_BACKEND", "torch")

import torch
from torch import Tensor, nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training.commands import Command, Stop
from engine.training.events import Failed
from engine.training.loop import train
from engine.training.plan import (
    ContrastiveDivergence,
    DatasetRef,
    Plan,
    Settings,
    Stage,
    Supervised,
    TrainingRequest,
    ViewSpec,
    replace,
)
from engine.training.session import Session, open_session

WARM_STEPS = 20
LEARNING_RATE = 1e-3
WINDOW_VIEWS = ("loss", "accuracy", "filters", "latent", "predictions")
WINDOW_S = 3.0
ANSWER = "samples per second: "
Layer = tuple[str, Mapping[str, object]]

MLP: tuple[Layer, ...] = (
    ("flatten", {}),
    ("dense", {"out_features": 128}),
    ("relu", {}),
    ("dense", {"out_features": 10}),
)
LENET: tuple[Layer, ...] = (
    ("conv2d", {"out_channels": 6, "kernel_size": (5, 5), "padding": "same"}),
    ("relu", {}),
    ("max_pool2d", {}),
    ("conv2d", {"out_channels": 16, "kernel_size": (5, 5), "padding": "none"}),
    ("relu", {}),
    ("max_pool2d", {}),
    ("conv2d", {"out_channels": 120, "kernel_size": (5, 5), "padding": "none"}),
    ("relu", {}),
    ("flatten", {}),
    ("dense", {"out_features": 84}),
    ("relu", {}),
    ("dense", {"out_features": 10}),
)
RBM: tuple[Layer, ...] = (("flatten", {}), ("rbm", {"hidden": 500}))


@dataclass(frozen=True)
class Case:
    """What is trained: its drawing, its stage, and for how many steps a turn."""

    name: str
    layers: tuple[Layer, ...]
    stage: Stage
    batch_size: int
    steps: int
    threads: int
    data: Path
    has_loss: bool = True
    kept: dict[str, Session] = field(default_factory=dict, compare=False, hash=False)

    @property
    def request(self) -> TrainingRequest:
        """One epoch is longer than a turn, so that no validation falls into it."""
        plan = Plan((self.stage,), batch_size=self.batch_size, threads=self.threads, device="cpu")
        dataset = DatasetRef("mnist", folder=str(self.data))
        return TrainingRequest("benchmark", drawing(self.layers, self.has_loss), plan, (dataset,))

    @property
    def session(self) -> Session:
        """The compiled drawing with its data, opened once."""
        if "session" not in self.kept:
            self.kept["session"] = open_session(self.request, BLOCK_TYPES)
        return self.kept["session"]

    def tensors(self) -> tuple[Tensor, Tensor]:
        """The training part: pictures N×1×28×28 float32, labels N int64."""
        fields = self.session.data["mnist"].fields("train")
        return fields["image"], fields["label"]

    def model(self) -> nn.Module:
        """The same network as a person writes it in PyTorch."""
        if self.name == "mlp":
            return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 120, 5),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, 10),
        )


def drawing(layers: tuple[Layer, ...], has_loss: bool) -> Graph:
    """The layers one after the other between MNIST and a cross-entropy."""
    promises = ("image: 1×28×28 float32", "label: 10 classes")
    blocks = {"in": Block("in", "input", "Input", {"dataset": "mnist", "fields": promises})}
    wires, before = [], PortRef("in", "image")
    for index, (type, parameters) in enumerate(layers):
        id = f"l{index}"
        blocks[id] = Block(id, type, type, parameters)  # type: ignore[arg-type]
        wires.append(Wire(before, PortRef(id, "input")))
        before = PortRef(id, "output")
    if has_loss:
        blocks["loss"] = Block("loss", "cross_entropy", "loss")
        wires += [
            Wire(before, PortRef("loss", "logits")),
            Wire(PortRef("in", "label"), PortRef("loss", "target")),
        ]
    return Graph(blocks, sorted_wires(wires))


class Stopwatch:
    """Counts steps, and times those after the first `WARM_STEPS`."""

    def __init__(self, case: Case) -> None:
        self._case, self._done, self._began, self.rate = case, 0, 0.0, 0.0

    def tick(self) -> bool:
        """Call before each step; true when the turn is over."""
        if self._done == WARM_STEPS:
            self._began = time.perf_counter()
        elif self._done == WARM_STEPS + self._case.steps:
            self.rate = self._case.steps * self._case.batch_size / (time.perf_counter() - self._began)
            return True
        self._done += 1
        return False

    # as a Control
    def take(self) -> tuple[Command, ...]:
        return (Stop(),) if self.tick() else ()

    def wait(self) -> tuple[Command, ...]:
        return (Stop(),)


def tensorloom(case: Case) -> float:
    """The loop of the product, through `train`, with its events, metrics and ticks."""
    session, watch = case.session, Stopwatch(case)
    session.network.initialise(0)
    session.snapshot = None
    for event in train(case.request, watch, session):
        assert not isinstance(event, Failed), event.problem.sentence
    return watch.rate


def tensorloom_window(case: Case) -> float:
    """The same run in the worker, with the window open and five live views; by the losses that arrive there."""
    from engine.project.project_file import Project, write_project

    plan = Plan((replace(case.stage, epochs=100_000),), batch_size=case.batch_size, threads=case.threads, device="cpu")
    # Nearly all of it to train on: validation falls into what is timed.
    dataset = DatasetRef("mnist", folder=str(case.data), split=(0.98, 0.01, 0.01))
    aims = {"filters": "l1" if case.name == "mlp" else "l0", "latent": f"l{len(case.layers) - 2}"}
    views = tuple(ViewSpec(id=kind, kind=kind, block=aims.get(kind)) for kind in WINDOW_VIEWS)
    settings = Settings(plan=plan, datasets=(dataset,), views=views)
    with tempfile.TemporaryDirectory(prefix="tensorloom-speed-") as folder:
        file = Path(folder) / f"{case.name}.loom"
        write_project(file, Project(graph=drawing(case.layers, case.has_loss), settings=settings))
        command = [sys.executable, "-P", str(Path(__file__).with_name("window_run.py")), str(file)]
        command += ["--seconds", str(WINDOW_S)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.splitlines()[-1])


def hand(case: Case) -> float:
    """The best loop written by hand: indexing and fused Adam; for the RBM the formulas on tensors."""
    return hand_rbm(case) if case.name == "rbm" else hand_supervised(case)


def hand_supervised(case: Case) -> float:
    images, labels = case.tensors()
    model, criterion, watch = case.model(), nn.CrossEntropyLoss(), Stopwatch(case)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    while True:
        for rows in torch.randperm(len(images)).split(case.batch_size):
            if watch.tick():
                return watch.rate
            loss = criterion(model(images[rows]), labels[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()


@torch.no_grad()
def hand_rbm(case: Case) -> float:
    pixels, watch = case.tensors()[0].flatten(1), Stopwatch(case)
    weight, a, b = 0.01 * torch.randn(784, 500), torch.zeros(784), torch.zeros(500)
    velocities = [torch.zeros_like(weight), torch.zeros_like(a), torch.zeros_like(b)]
    while True:
        for rows in torch.randperm(len(pixels)).split(case.batch_size):
            if watch.tick():
                return watch.rate
            v0 = pixels[rows]
            h0 = torch.sigmoid(v0 @ weight + b)
            v1 = torch.sigmoid(torch.bernoulli(h0) @ weight.t() + a)
            h1 = torch.sigmoid(v1 @ weight + b)
            gradients = (
                (v0.t() @ h0 - v1.t() @ h1) / len(v0) - 2e-4 * weight,
                (v0 - v1).mean(dim=0),
                (h0 - h1).mean(dim=0),
            )
            for tensor, velocity, gradient in zip((weight, a, b), velocities, gradients, strict=True):
                velocity.mul_(0.5).add_(gradient, alpha=0.1)
                tensor.add_(velocity)


def dataloader(case: Case) -> float:
    """The loop of the tutorials: a shuffling DataLoader and Adam."""
    from torch.utils.data import DataLoader, TensorDataset

    loader = DataLoader(TensorDataset(*case.tensors()), batch_size=case.batch_size, shuffle=True)
    model, criterion, watch = case.model(), nn.CrossEntropyLoss(), Stopwatch(case)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    while True:
        for images, labels in loader:
            if watch.tick():
                return watch.rate
            loss = criterion(model(images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def lightning(case: Case) -> float:
    """Lightning's Trainer, with everything switched off that can be."""
    import logging
    import warnings

    import lightning as L
    from torch.utils.data import DataLoader, TensorDataset

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    watch = Stopwatch(case)

    class Module(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = case.model()

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            if watch.tick():
                self.trainer.should_stop = True
            images, labels = batch
            return nn.functional.cross_entropy(self.model(images), labels)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)

    loader = DataLoader(TensorDataset(*case.tensors()), batch_size=case.batch_size, shuffle=True)
    trainer = L.Trainer(
        accelerator="cpu",
        max_steps=WARM_STEPS + case.steps + 1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        barebones=False,
    )
    trainer.fit(Module(), loader)
    return watch.rate


def keras(case: Case) -> float:
    """Keras 3 on its PyTorch backend, `fit` on arrays."""
    import keras as K

    images, labels = (tensor.numpy() for tensor in case.tensors())
    images = images.transpose(0, 2, 3, 1)
    layers: list[object] = [K.Input((28, 28, 1))]
    if case.name == "mlp":
        layers += [K.layers.Flatten(), K.layers.Dense(128, "relu"), K.layers.Dense(10)]
    else:
        layers += [
            K.layers.Conv2D(6, 5, padding="same", activation="relu"),
            K.layers.MaxPooling2D(),
            K.layers.Conv2D(16, 5, activation="relu"),
            K.layers.MaxPooling2D(),
            K.layers.Conv2D(120, 5, activation="relu"),
            K.layers.Flatten(),
            K.layers.Dense(84, "relu"),
            K.layers.Dense(10),
        ]
    model, watch = K.Sequential(layers), Stopwatch(case)
    loss = K.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(K.optimizers.Adam(LEARNING_RATE), loss)

    class Watch(K.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
            if watch.tick():
                model.stop_training = True

    rows = min(len(images), (WARM_STEPS + case.steps + 1) * case.batch_size)
    model.fit(images[:rows], labels[:rows], batch_size=case.batch_size, verbose=0, callbacks=[Watch()])
    return watch.rate


def skorch(case: Case) -> float:
    """skorch's NeuralNetClassifier without a validation split."""
    from skorch import NeuralNetClassifier
    from skorch.callbacks import Callback

    images, labels = case.tensors()
    watch = Stopwatch(case)

    class Watch(Callback):
        def on_batch_begin(self, net: object, **arguments: object) -> None:
            watch.tick()

    rows = min(len(images), (WARM_STEPS + case.steps + 1) * case.batch_size)
    net = NeuralNetClassifier(
        case.model(),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=LEARNING_RATE,
        batch_size=case.batch_size,
        max_epochs=1,
        train_split=None,
        verbose=0,
        iterator_train__shuffle=True,
        callbacks=[("watch", Watch())],
    )
    net.fit(images[:rows], labels[:rows])
    return watch.rate


def sklearn(case: Case) -> float:
    """scikit-learn's BernoulliRBM (persistent contrastive divergence) on the same batches."""
    from sklearn.neural_network import BernoulliRBM
    from threadpoolctl import threadpool_limits

    pixels = case.tensors()[0].flatten(1).numpy()[: case.steps * case.batch_size]
    model = BernoulliRBM(500, learning_rate=0.1, batch_size=case.batch_size, n_iter=1, random_state=0)
    with threadpool_limits(limits=case.threads):
        began = time.perf_counter()
        model.fit(pixels)
        return len(pixels) / (time.perf_counter() - began)


Contestant = Callable[[Case], float]
SUPERVISED: Mapping[str, Contestant] = {
    "tensorloom": tensorloom,
    "tensorloom_window": tensorloom_window,
    "hand": hand,
    "dataloader": dataloader,
    "lightning": lightning,
    "keras": keras,
    "skorch": skorch,
}
ENERGY: Mapping[str, Contestant] = {"tensorloom": tensorloom, "hand": hand, "sklearn": sklearn}
CONTESTANTS: Mapping[str, Mapping[str, Contestant]] = {"mlp": SUPERVISED, "lenet": SUPERVISED, "rbm": ENERGY}
NEEDS = {"lightning": ("lightning",), "keras": ("keras",), "skorch": ("skorch",), "sklearn": ("threadpoolctl",)}


def cases(threads: int, data: Path, length: float) -> tuple[Case, ...]:
    """The three networks; `length` stretches the turns."""
    adam = Supervised(epochs=1, optimiser="adam", learning_rate=LEARNING_RATE)

    def steps(number: int) -> int:
        return max(10, min(int(number * length), 500 if number == 250 else 800))

    return (
        Case("mlp", MLP, adam, 64, steps(800), threads, data),
        Case("lenet", LENET, adam, 64, steps(150), threads, data),
        Case("rbm", RBM, ContrastiveDivergence("l1", epochs=1), 100, steps(250), threads, data, has_loss=False),
    )


def installed(contestant: str) -> bool:
    """Whether what the contestant needs is there."""
    return all(importlib.util.find_spec(module) is not None for module in NEEDS.get(contestant, ()))


class Process:
    """A contestant in a process of its own, which takes a turn when told and waits in between."""

    def __init__(self, case: str, contestant: str, options: Sequence[str]) -> None:
        command = [sys.executable, "-P", __file__, "--takes-turns", case, contestant, *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self) -> float:
        """Samples per second of one turn."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        # libraries print lines of their own
        answer = next((line for line in self._process.stdout if line.startswith(ANSWER)), None)
        assert answer is not None, f"{self._process.args} ended with {self._process.wait()}"
        return float(answer.removeprefix(ANSWER))

    def close(self) -> None:
        """It ends as there is no more to read."""
        self._process.communicate()


def take_turns(case: Case, contestant: str) -> None:
    """What such a process does: a turn for each line it is sent."""
    for _ in sys.stdin:
        torch.set_num_threads(case.threads)
        print(f"{ANSWER}{CONTESTANTS[case.name][contestant](case)}", flush=True)


def measure(processes: Mapping[str, Process], rounds: int) -> dict[str, float]:
    """Median samples per second; in each round all take a turn, in an order that shifts from round to round."""
    rates: dict[str, list[float]] = {name: [] for name in processes}
    names = list(processes)
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            rates[name].append(processes[name].turn())
    return {name: statistics.median(found) for name, found in rates.items()}


def table(found: Mapping[str, Mapping[str, float]]) -> str:
    """One line a contestant: samples per second, and as a multiple of Tensorloom's."""
    lines = [f"{'case':<8}{'contestant':<20}{'samples/s':>12}{'tensorloom ÷ it':>18}"]
    for case, rates in found.items():
        for name, rate in rates.items():
            ratio = f"{rates['tensorloom'] / rate:.2f}" if "tensorloom" in rates else ""
            lines.append(f"{case:<8}{name:<20}{rate:>12,.0f}{ratio:>18}")
    return "\n".join(lines)


def default_data() -> Path:
    """The folder of the published MNIST files."""
    root = os.environ.get("TENSORLOOM_TEST_DATA")
    folder = Path(root) if root else Path(__file__).resolve().parents[3] / "shared" / "data"
    return folder / "mnist"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Samples per second of training loops.")
    parser.add_argument("--cases", nargs="+", choices=tuple(CONTESTANTS), default=tuple(CONTESTANTS))
    parser.add_argument("--only", nargs="+", help="these contestants, where they apply")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=float, default=1.0, help="shorter or longer turns")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--json", action="store_true", help="print one object on the last line")
    parser.add_argument("--takes-turns", nargs=2, metavar=("CASE", "CONTESTANT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"There is no folder {options.data}: set TENSORLOOM_TEST_DATA or --data.", file=sys.stderr)
        return 1
    known = {case.name: case for case in cases(options.threads, options.data.resolve(), options.length)}
    if options.takes_turns:
        name, contestant = options.takes_turns
        take_turns(known[name], contestant)
        return 0
    shared = (f"--threads={options.threads}", f"--data={options.data}", f"--length={options.length}")
    found: dict[str, dict[str, float]] = {}
    for case in (name for name in known if name in options.cases):
        processes = {
            name: Process(case, name, shared)
            for name in CONTESTANTS[case]
            if installed(name) and (options.only is None or name in options.only)
        }
        if processes:
            found[case] = measure(processes, options.rounds)
        for process in processes.values():
            process.close()
    print(f"{options.threads} threads, medians of {options.rounds} rounds")
    print(table(found))
    if options.json:
        print(json.dumps({case: {name: round(rate) for name, rate in rates.items()} for case, rates in found.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
