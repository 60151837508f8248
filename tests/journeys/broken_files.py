"""Project files and data folders with one fault each."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.drawing import Drawing
from engine.project.examples import read_example
from engine.project.project_file import Project, write_project
from engine.training.plan import DatasetRef, Plan, Settings, Supervised

MNIST = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def sound_file(path: Path) -> Path:
    """A project that opens."""
    write_project(path, read_example("digits-dense", BLOCK_TYPES))
    return path


def _changed(path: Path, change: Callable[[dict], None]) -> bytes:
    """The file's bytes with another drawing in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "project.json":
                project = json.loads(data)
                change(project)
                data = json.dumps(project).encode()
            new.writestr(name, data)
    return made.getvalue()


def _newer(project: dict) -> None:
    project["format"] = 999


def _deep(project: dict) -> None:
    block = next(iter(project["graph"]["blocks"].values()))
    body: dict = {"blocks": {}, "wires": []}
    for depth in range(60):
        id = f"deep{depth}"
        body = {"blocks": {id: {**block, "id": id, "type": "residual", "body": body}}, "wires": []}
    project["graph"] = body


def _wire_to_nowhere(project: dict) -> None:
    project["graph"]["wires"][0]["target"]["block"] = "nobody"


def _strange_block(project: dict) -> None:
    next(iter(project["graph"]["blocks"].values()))["look"] = "somewhere"


def damaged(path: Path, kind: str) -> Path:
    """A sound file made unsound."""
    sound_file(path)
    data = path.read_bytes()
    picture = b"\x89PNG\r\n\x1a\n" + bytes(200)
    made: dict[str, Callable[[], bytes]] = {
        "truncated": lambda: data[: len(data) // 2],
        "empty": lambda: b"",
        "foreign": lambda: picture,
        "newer": lambda: _changed(path, _newer),
        "deep": lambda: _changed(path, _deep),
        "wire": lambda: _changed(path, _wire_to_nowhere),
        "block": lambda: _changed(path, _strange_block),
        "byte": lambda: data.replace(b'"graph"', b'"gr\xffph"'),
    }
    path.write_bytes(made[kind]())
    return path


def idx_folder(folder: Path, fault: str = "") -> Path:
    """The four files of MNIST, tiny, with one missing or cut short; without a fault they are whole."""
    folder.mkdir(parents=True)
    for name in MNIST:
        rows = 40
        if "images" in name:
            data = struct.pack(">IIII", 0x803, rows, 28, 28) + bytes(rows * 28 * 28)
        else:
            data = struct.pack(">II", 0x801, rows) + bytes(row % 10 for row in range(rows))
        if name == "t10k-labels-idx1-ubyte" and fault == "missing":
            continue
        if name == "train-images-idx3-ubyte" and fault == "short":
            data = data[:-100]
        (folder / f"{name}.gz").write_bytes(gzip.compress(data))
    return folder


def project_file(path: Path, drawing: Drawing, plan: Plan | None = None) -> Path:
    """A drawing as a file, of two epochs on digits."""
    plan = plan or Plan(stages=(Supervised(epochs=2),), device="cpu")
    write_project(path, Project(graph=drawing.graph, settings=Settings(plan=plan, datasets=(DatasetRef("digits"),))))
    return path


def drawn(*losses: str, target: bool = True, dataset: str = "digits", **parameters: object) -> Drawing:
    """A dataset of ten classes through Flatten and a dense block of ten, to losses."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset=dataset, **parameters)
    drawing.add("flatten", "flatten", (200, 0))
    drawing.add("dense", "dense", (400, 0), name="classes", out_features=10)
    drawing.chain("input.image", "flatten", "dense.input")
    for number, loss in enumerate(losses):
        drawing.add(loss, "cross_entropy", (600, 120 * number), name=loss)
        drawing.wire("dense.output", f"{loss}.logits")
        if target:
            drawing.wire("input.label", f"{loss}.target")
    return drawing
