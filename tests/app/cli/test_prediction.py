"""What `predict` reads: pictures, and files that it cannot use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.cli.commands import main
from engine.data.datasets import load_dataset
from engine.training.plan import DatasetRef


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A digits network that knows most digits."""
    path = tmp_path_factory.mktemp("trained") / "trained.loom"
    assert main(["train", "digits-dense", "--epochs", "10", "--out", str(path), "--device", "cpu"]) == 0
    return path


def test_a_picture_of_a_digit_is_told_as_its_row_is(run, trained: Path, tmp_path: Path) -> None:
    digits = load_dataset(DatasetRef("digits"))
    (row,) = json.loads(run("predict", trained, "test:1", "--json")[1])["predictions"]
    pixels = np.round(digits.arrays["image"][digits.test[1], 0] * 255).astype(np.uint8)
    small = QImage(pixels.tobytes(), 8, 8, 8, QImage.Format.Format_Grayscale8)
    assert small.save(str(tmp_path / "digit.png"))
    (said,) = json.loads(run("predict", trained, tmp_path / "digit.png", "--json")[1])["predictions"]
    assert said["class"] == row["class"] == digits.arrays["label"][digits.test[1]]
    assert said["probabilities"] == pytest.approx(row["probabilities"], abs=0.01)
    sure = f"{100 * max(said['probabilities']):.1f} %"
    assert f": class {said['class']} ({sure})" in run("predict", trained, tmp_path / "digit.png")[1]
    large = small.convertToFormat(QImage.Format.Format_RGB32).scaled(
        160, 160, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    assert large.save(str(tmp_path / "large.png"))
    (said,) = json.loads(run("predict", trained, tmp_path / "large.png", "--json")[1])["predictions"]
    assert said["class"] == row["class"]


def npy(shape: str, kind: str = "<f4") -> bytes:
    """A file with this header and nothing behind it."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bad.png", b"\x89PNG\r\n\x1a\nand no more", "it is no picture, .npy or .csv file"),
        ("foreign.loom", b"PK\x03\x04", "it is no picture, .npy or .csv file"),
        ("empty.npy", b"", "it holds no numbers"),
        ("none.npy", npy("(0, 64)"), "it holds no numbers"),
        ("cut.npy", npy("(1, 64)"), ""),
        ("large.npy", npy("(1000000000000, 64)"), ""),
        ("zip.npy", b"PK\x03\x04", ""),
        ("header.npy", npy("(1, 64"), "its header cannot be read"),
        (
            "complex.npy",
            npy("(1, 64)", "<c8") + bytes(512),
            "Cannot cast array data from dtype('complex64') to dtype('float32') according to the rule 'same_kind'",
        ),
        ("objects.npy", npy("(1,)", "|O"), ""),
        ("empty.csv", b"", "it holds no numbers"),
        ("blank.csv", b"\n# nothing\n\n", "it holds no numbers"),
        ("empty.txt", b"", "it holds no numbers"),
        ("words.csv", b"one,two\n", "could not convert string 'one' to float64 at row 0, column 1"),
        ("three.csv", b"1,2,3\n", "cannot reshape array of size 3 into shape (1,8,8)"),
    ],
)
def test_what_cannot_be_used_gets_one_sentence(run, trained: Path, tmp_path: Path, name, content, reason) -> None:
    (tmp_path / name).write_bytes(content)
    code, out, err = run("predict", trained, tmp_path / name)
    assert (code, out) == (1, "")
    start, end = f"{name} cannot be used as input: {reason}", ". The network reads image: 1×8×8 float32.\n"
    assert err.startswith(start)
    assert err.endswith(end)
    assert not reason or err == start + end
    assert err.count("cannot be used") == 1
    assert err.count("\n") == 1
    assert ".." not in err


def test_a_name_that_is_too_long_is_no_file(run, trained: Path) -> None:
    code, _, err = run("predict", trained, "x" * 300 + ".png")
    assert (code, err) == (1, f"There is no file {'x' * 300}.png. Check the name and the folder.\n")
