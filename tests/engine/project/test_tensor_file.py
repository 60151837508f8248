import io
import json
import struct

import numpy as np
import pytest

from engine.project.tensor_file import check_header, decode_arrays, encode_arrays

ARRAYS = {
    "r/loss": np.linspace(0, 1, 7, dtype=np.float32),
    "empty": np.zeros((0, 3), np.float32),
    "scalar": np.array(2.5),
    "labels": np.arange(12, dtype=np.int64).reshape(3, 4).T,
    "flags": np.array([True, False]),
    "bytes": np.frombuffer(b"text", np.uint8),
    "nan": np.array([np.nan, np.inf], np.float32),
}


def test_arrays_come_back_to_the_last_bit_whatever_their_order() -> None:
    data = encode_arrays(ARRAYS)
    again = decode_arrays(data)
    assert list(again) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        assert again[name].dtype == array.dtype
        assert again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()
    assert encode_arrays(dict(reversed(ARRAYS.items()))) == data


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="words"):
        encode_arrays({"words": np.array(["a", "b"])})
    with pytest.raises(ValueError, match="things"):
        encode_arrays({"things": np.array([object()])})


def _file(header: object, data: bytes = b"\0" * 8) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _tensor(**members: object) -> dict[str, object]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **members}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 100) + b"{}",
        _file(b"[]"),
        _file(b"{"),
        _file(b'{"a":' * 100_000),
        _file({"a": 1}),
        _file({"a": _tensor(dtype="F31")}),
        _file({"a": _tensor(shape=[3])}),
        _file({"a": _tensor(shape=[-2])}),
        _file({"a": _tensor(shape=[2**40, 2**40])}),
        _file({"a": _tensor(data_offsets=[0, 8, 9])}),
        _file({"a": _tensor(data_offsets=[4, 12])}),
        _file({"a": _tensor(), "b": _tensor()}),
        _file({"a": _tensor(more=1)}),
        _file({"a": _tensor()}, b"\0" * 7),
        _file({"a": _tensor()}, b"\0" * 9),
        _file({"__metadata__": {"a": 1}, "a": _tensor()}),
    ],
)
def test_a_header_that_lies_is_found_without_reading_tensors(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_header(io.BytesIO(data), len(data))
    with pytest.raises(ValueError, match=r"."):
        decode_arrays(data)


def test_a_header_that_is_right_passes() -> None:
    data = _file({"__metadata__": {"made": "by hand"}, "a": _tensor()})
    check_header(io.BytesIO(data), len(data))
    assert decode_arrays(data)["a"].tolist() == [0.0, 0.0]
