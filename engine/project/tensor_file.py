"""Named arrays as safetensors: the header checked without reading the tensors, small files read into numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import BinaryIO

import msgspec
import numpy as np

LARGEST_HEADER = 64 << 20

_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "U16": 16,
    "I16": 16,
    "F16": 16,
    "BF16": 16,
    "U32": 32,
    "I32": 32,
    "F32": 32,
    "U64": 64,
    "I64": 64,
    "F64": 64,
    "C64": 64,
}


class _Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def check_header(stream: BinaryIO, size: int) -> None:
    """Raise ValueError where `stream` does not begin with a safetensors header that fits a file of `size` bytes.

    Format: https://github.com/huggingface/safetensors (8 bytes length, JSON, then the tensors without gaps).
    """
    length = int.from_bytes(stream.read(8), "little")
    if not 2 <= length <= min(LARGEST_HEADER, size - 8):
        raise ValueError("header length")
    try:
        members = msgspec.json.decode(stream.read(length), type=dict[str, msgspec.Raw])
        metadata = members.pop("__metadata__", None)
        if metadata is not None:
            msgspec.json.decode(metadata, type=dict[str, str])
        tensors = [msgspec.json.decode(raw, type=_Tensor) for raw in members.values()]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as fault:
        raise ValueError("header") from fault
    end = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.data_offsets):
        first, last = tensor.data_offsets
        bits = _BITS.get(tensor.dtype)
        if bits is None or first != end or any(length < 0 for length in tensor.shape):
            raise ValueError("tensor")
        if last - first != math.prod(tensor.shape) * bits // 8:
            raise ValueError("tensor size")
        end = last
    if 8 + length + end != size:
        raise ValueError("size")


def encode_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The arrays as safetensors, byte-equal for equal arrays. Raises ValueError for dtypes that are no numbers."""
    from safetensors.numpy import save

    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{name} is {array.dtype}")
    return save({name: np.ascontiguousarray(arrays[name]).reshape(arrays[name].shape) for name in sorted(arrays)})


def decode_arrays(data: bytes) -> dict[str, np.ndarray]:
    """What `encode_arrays` wrote, by name. Raises ValueError where it is damaged."""
    import io

    from safetensors import SafetensorError
    from safetensors.numpy import load

    check_header(io.BytesIO(data), len(data))
    try:
        arrays: dict[str, np.ndarray] = load(data)
    except (SafetensorError, KeyError, ValueError) as fault:
        raise ValueError(str(fault)) from fault
    return {name: arrays[name] for name in sorted(arrays)}
