"""Datasets by reference: what a plan names becomes arrays and parts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.catalogue import DATASETS
from engine.data.dataset import Dataset, moments_of
from engine.data.fields import Field
from engine.data.folders import data_folder
from engine.data.idx import find_idx, read_pictures
from engine.data.split_counts import chosen_split, split_problem
from engine.data.splits import split_rows, split_training
from engine.graph.problem import Refused, refused
from engine.training.plan import DatasetRef

__all__ = ["Dataset", "load_dataset"]

Arrays = Mapping[str, npt.NDArray[Any]]

_IDX_PARTS = ("train", "t10k")


def load_dataset(ref: DatasetRef) -> Dataset:
    """The dataset that `ref` names, split, with moments where it asks for standardisation.

    Remembers what it read: the same reference is cheap. Raises Refused: `unknown-dataset`, `split`, `setting-range`,
    `dataset-changed`, and for files `idx-…` and `file-unreadable`.
    """
    problem = split_problem(ref, DATASETS.get(ref.name))
    if problem is not None:
        raise Refused(problem)
    dataset = _from_folder(ref) if ref.folder is not None or ref.name == "mnist" else _from_catalogue(ref)
    if ref.hash is not None and ref.hash != dataset.content_hash():
        raise refused("dataset-changed", name=dataset.title)
    if not ref.standardise:
        return dataset
    moments = {
        described.name: moments_of(dataset.arrays[described.name], dataset.train, described)
        for described in dataset.fields
        if described.classes is None and described.dtype.startswith("float")
    }
    return Dataset(
        name=dataset.name,
        title=dataset.title,
        fields=dataset.fields,
        arrays=dataset.arrays,
        train=dataset.train,
        validation=dataset.validation,
        test=dataset.test,
        moments=moments,
    )


def _from_catalogue(ref: DatasetRef) -> Dataset:
    info = DATASETS.get(ref.name)
    if info is None:
        raise refused("unknown-dataset", dataset=ref.name, hint=f"Choose one of {', '.join(DATASETS)}.")
    arrays = _shipped_or_made(ref.name)
    train, validation, test = split_rows(info.rows, ref.split, ref.split_seed)
    return Dataset(info.name, info.title, info.fields, arrays, train, validation, test)


@lru_cache(maxsize=16)
def _shipped_or_made(name: str) -> Arrays:
    info = DATASETS[name]
    if info.source == "shipped":
        from engine.data.shipped import load_shipped

        return load_shipped(name)
    if any(described.name == "point" for described in info.fields):
        from engine.data.toys import make_toy

        point, label = make_toy(name, info.rows)
        return {"point": point, "label": label}
    from engine.data.sequences import make_sequences

    return make_sequences(name, info.rows)


def _from_folder(ref: DatasetRef) -> Dataset:
    info = DATASETS.get(ref.name)
    folder = Path(ref.folder) if ref.folder is not None else data_folder(ref.name)
    try:
        files = tuple(find_idx(folder, part, kind) for part in _IDX_PARTS for kind in ("images", "labels"))
    except Refused:
        if ref.folder is not None:
            raise
        # The folder of downloads is there as soon as a download began: that one is empty is no news to its user.
        title = info.title if info else ref.name
        hint = f"Press Download, run “tensorloom data get {ref.name}”, or choose the folder that holds its IDX files."
        raise refused("unknown-dataset", dataset=title, hint=hint) from None
    stamps = tuple((file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    arrays, training_rows, classes = _read_folder(folder, stamps)
    height, width = arrays["image"].shape[2:]
    fields = (
        Field(name="image", shape=(1, height, width)),
        Field(name="label", dtype="int64", classes=classes),
    )
    train, validation = split_training(training_rows, chosen_split(ref), ref.split_seed)
    test = np.arange(training_rows, len(arrays["label"]), dtype=np.int64)
    title = info.title if info else folder.name
    return Dataset(ref.name or folder.name, title, fields, arrays, train, validation, test)


@lru_cache(maxsize=1)  # MNIST takes 220 MB: one is enough
def _read_folder(folder: Path, stamps: tuple[tuple[int, int], ...]) -> tuple[Arrays, int, int]:
    """Arrays of both parts joined, the numbers of training rows and of classes. `stamps` tell a changed file."""
    del stamps
    read = [read_pictures(folder, part) for part in _IDX_PARTS]
    images, labels = [pictures for pictures, _ in read], [classes for _, classes in read]
    if images[0].shape[1:] != images[1].shape[1:]:
        raise refused("idx-format", file=find_idx(folder, "t10k", "images").name)
    rows = sum(map(len, images))
    values = np.empty((rows, 1, *images[0].shape[1:]), np.float32)
    start = 0
    for pictures in images:
        np.divide(pictures[:, None], np.float32(255), out=values[start : start + len(pictures)])
        start += len(pictures)
    label = np.concatenate(labels).astype(np.int64)
    return {"image": values, "label": label}, len(images[0]), int(label.max()) + 1
