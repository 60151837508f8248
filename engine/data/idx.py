"""Reader of IDX files (the format of MNIST), packed with gzip or not.

An IDX file: two zero bytes, a type byte, the number of axes, each axis as a big-endian 32-bit length, then the values.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from engine.graph.problem import refused

Values = npt.NDArray[np.generic]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 20
_PLACES = ("", "raw", "MNIST/raw", "FashionMNIST/raw")


def read_idx(file: Path) -> Values:
    """The array in `file`, in the machine's byte order; its rank and dtype are the file's.

    Memory grows only with the bytes that are there, whatever the header claims.
    Raises Refused: `file-missing`, `file-unreadable`, `idx-format`, `idx-short`, `idx-damaged`.
    """
    try:
        with file.open("rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"
        with cast(BinaryIO, gzip.open(file, "rb")) if packed else file.open("rb") as stream:
            return _read(stream, file.name)
    except FileNotFoundError as error:
        raise refused("file-missing", file=file.name) from error
    except EOFError as error:
        raise refused("idx-damaged", file=file.name, reason="the packed file ends early") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise refused("idx-damaged", file=file.name, reason="its packing cannot be undone") from error
    except OSError as error:
        raise refused("file-unreadable", file=file.name, reason=error.strerror or str(error)) from error


def find_idx(folder: Path, part: str, kind: str) -> Path:
    """The file of `part` (`train`, `t10k`) and `kind` (`images`, `labels`) in `folder`, packed or not, however spelt.

    Looks where torchvision puts them too (`MNIST/raw`). Raises Refused `idx-missing`.
    """
    rank = 3 if kind == "images" else 1
    names = [f"{part}-{kind}{mark}idx{rank}-ubyte{packing}" for packing in ("", ".gz") for mark in ("-", ".")]
    for place in _PLACES:
        for name in names:
            if (folder / place / name).is_file():
                return folder / place / name
    raise refused("idx-missing", folder=str(folder), file=f"{part}-{kind}-idx{rank}-ubyte.gz")


def read_pictures(folder: Path, part: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Pictures (uint8 N×H×W, 0…255) and labels (uint8 N) of `part`.

    Raises Refused as `read_idx`, and `idx-missing`, `idx-rows` where the two files disagree.
    """
    image_file, label_file = find_idx(folder, part, "images"), find_idx(folder, part, "labels")
    images, labels = read_idx(image_file), read_idx(label_file)
    if images.ndim != 3 or images.dtype != np.uint8 or images.size == 0:
        raise refused("idx-format", file=image_file.name)
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise refused("idx-format", file=label_file.name)
    if len(images) != len(labels):
        raise refused(
            "idx-rows",
            images=image_file.name,
            image_rows=len(images),
            labels=label_file.name,
            label_rows=len(labels),
        )
    return cast(npt.NDArray[np.uint8], images), cast(npt.NDArray[np.uint8], labels)


def _read(stream: BinaryIO, name: str) -> Values:
    head = stream.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= 8:
        raise refused("idx-format", file=name)
    axes = stream.read(4 * head[3])
    if len(axes) < 4 * head[3]:
        raise refused("idx-short", file=name, received=4 + len(axes), expected=4 + 4 * head[3])
    shape = struct.unpack(f">{head[3]}I", axes)
    dtype = np.dtype(_TYPES[head[2]])
    expected = math.prod(shape) * dtype.itemsize
    data = bytearray()
    while len(data) < expected:
        chunk = stream.read(min(_CHUNK, expected - len(data)))
        if not chunk:
            break
        data += chunk
    rest = stream.read(1)  # beyond the values: reaches the end of a packed file, where its check sum stands
    if len(data) < expected:
        whole = 4 + len(axes)
        raise refused("idx-short", file=name, received=whole + len(data), expected=whole + expected)
    if rest:
        raise refused("idx-format", file=name)
    return np.frombuffer(data, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
