import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.data.idx import read_idx, read_pictures
from engine.graph.problem import Refused


def idx(array: np.ndarray, code: int = 0x08) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist_folder(tmp_path: Path, shared_mnist: Path) -> Path:
    for part in ("images-idx3", "labels-idx1"):
        shutil.copyfile(shared_mnist / f"t10k-{part}-ubyte.gz", tmp_path / f"t10k-{part}-ubyte.gz")
    return tmp_path


def test_reads_the_published_files_packed_or_not(mnist_folder: Path) -> None:
    pictures, labels = read_pictures(mnist_folder, "t10k")
    assert pictures.shape == (10_000, 28, 28)
    assert list(labels[:5]) == [7, 2, 1, 0, 4]
    for file in list(mnist_folder.iterdir()):
        (mnist_folder / file.name.removesuffix(".gz")).write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
    again, _ = read_pictures(mnist_folder, "t10k")
    np.testing.assert_array_equal(again, pictures)


def test_finds_the_files_where_other_programs_put_them(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images.idx3-ubyte").write_bytes(idx(np.zeros((2, 3, 3), np.uint8)))
    (raw / "train-labels.idx1-ubyte").write_bytes(idx(np.array([1, 0], np.uint8)))
    pictures, labels = read_pictures(tmp_path, "train")
    assert pictures.shape == (2, 3, 3)
    assert list(labels) == [1, 0]


def test_wide_values_come_in_the_order_of_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "values"
    values = np.array([[1.5, -2.0]], ">f4")
    file.write_bytes(idx(values, 0x0D))
    read = read_idx(file)
    assert read.dtype == np.dtype("=f4")
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("packed", [False, True])
def test_a_short_file_tells_how_short(tmp_path: Path, packed: bool) -> None:
    file = tmp_path / "train-images-idx3-ubyte"
    whole = idx(np.zeros((4, 5, 5), np.uint8))
    file.write_bytes(gzip.compress(whole[:-7]) if packed else whole[:-7])
    with pytest.raises(Refused, match="train-images-idx3-ubyte is cut short: 109 bytes where 116 were expected"):
        read_idx(file)


def test_a_cut_packed_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    data = gzip.compress(idx(np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)))
    file = tmp_path / "images.gz"
    for length in (2, 5, 9, 12, 15, 30, len(data) // 2, len(data) - 9, len(data) - 4, len(data) - 1):
        file.write_bytes(data[:length])
        with pytest.raises(Refused) as refusal:
            read_idx(file)
        assert refusal.value.problem.code == "idx-damaged", length
        assert str(refusal.value) == "images.gz is damaged: the packed file ends early. Download it again."


def test_changed_bytes_of_a_packed_file_are_noticed(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(idx(np.zeros((40, 28, 28), np.uint8) + 3)))
    data[-6] ^= 0xFF
    file = tmp_path / "images.gz"
    file.write_bytes(data)
    with pytest.raises(Refused, match=r"images.gz is damaged: its packing cannot be undone. Download it again."):
        read_idx(file)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\0\0\x08\0", b"\0\0\x07\x01\0\0\0\x01a", idx(np.zeros(3, np.uint8)) + b"more"]
)
def test_foreign_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "labels"
    file.write_bytes(content)
    with pytest.raises(Refused, match="labels is not an IDX file. Choose the original MNIST files."):
        read_idx(file)


def test_a_header_that_lies_takes_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "images"
    file.write_bytes(struct.pack(">BBBB3I", 0, 0, 8, 3, *[2**32 - 1] * 3) + b"few")
    with pytest.raises(Refused, match="cut short: 19 bytes"):
        read_idx(file)


def test_missing_and_unequal_files(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="holds no train-images-idx3-ubyte.gz"):
        read_pictures(tmp_path / "absent", "train")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((4, 5, 5), np.uint8)))
    with pytest.raises(Refused, match="holds no train-labels-idx1-ubyte.gz"):
        read_pictures(tmp_path, "train")
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(3, np.uint8)))
    with pytest.raises(Refused, match="holds 4 pictures but train-labels-idx1-ubyte holds 3 labels"):
        read_pictures(tmp_path, "train")
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros((4, 1), np.uint8)))
    with pytest.raises(Refused, match="train-labels-idx1-ubyte is not an IDX file"):
        read_pictures(tmp_path, "train")
    with pytest.raises(Refused, match="There is no file nothing"):
        read_idx(tmp_path / "nothing")
