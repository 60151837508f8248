"""`data`: the datasets that Inputs can read."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import msgspec

from engine.data.catalogue import DATASETS
from engine.graph.problem import refused


def list_datasets(as_json: bool) -> None:
    """Print the catalogue: shipped, made by rule, and those that a download brings."""
    from engine.data.download import is_downloaded

    if as_json:
        rows = [
            {
                "name": known.name,
                "title": known.title,
                "rows": known.rows,
                "fields": [field.text for field in known.fields],
                "here": not known.downloadable or is_downloaded(known.name),
            }
            for known in DATASETS.values()
        ]
        print(msgspec.json.encode(rows).decode())
        return
    for known in DATASETS.values():
        absent = known.downloadable and not is_downloaded(known.name)
        state = f"  (fetch it with: tensorloom data get {known.name})" if absent else ""
        print(f"{known.name:15} {known.rows:>7,} rows  {', '.join(field.text for field in known.fields)}{state}")


def get_dataset(name: str) -> None:
    """Download `name` with a progress bar. Ctrl-C keeps what has arrived. Raises Refused."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from engine.data.download import download

    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task(name, total=None)
        folder = download(name, progress=lambda done, total: bar.update(task, completed=done, total=total or None))
    print(f"{name} lies in {folder}.")


def dataset_info(name: str, as_json: bool) -> None:
    """Load a dataset by name or folder and print its fields and parts. Raises Refused."""
    from engine.data.datasets import load_dataset
    from engine.training.plan import DatasetRef

    ref = DatasetRef(name=name)
    if name not in DATASETS:
        if not os.path.isdir(name):
            raise refused("unknown-dataset", dataset=name, hint=f"Name a folder, or one of {', '.join(DATASETS)}.")
        ref = DatasetRef(name=Path(name).name, folder=str(Path(name).resolve()))
    dataset = load_dataset(ref)
    facts = {
        "name": dataset.name,
        "title": dataset.title,
        "fields": [field.text for field in dataset.fields],
        "train": len(dataset.train),
        "validation": len(dataset.validation),
        "test": len(dataset.test),
        "hash": dataset.content_hash(),
    }
    if as_json:
        print(msgspec.json.encode(facts).decode())
        return
    print(dataset.title)
    for field in facts["fields"]:
        print(f"  {field}")
    print(f"  {facts['train']:,} to train, {facts['validation']:,} to validate, {facts['test']:,} to test")


def import_mnist(folder: Path) -> None:
    """Copy the four IDX files of `folder` to where MNIST is looked for, if they are whole. Raises Refused.

    A copy that fails leaves the file that was there.
    """
    import shutil

    from engine.data.folders import data_folder
    from engine.data.idx import find_idx, read_pictures
    from engine.project.atomic_file import saving_refused, write_atomically

    if not os.path.isdir(folder):
        raise refused("file-missing", file=str(folder))
    target = data_folder("mnist")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise saving_refused(target, fault) from fault
    for part in ("train", "t10k"):
        read_pictures(folder, part)
    for part in ("train", "t10k"):
        for kind in ("images", "labels"):
            file = find_idx(folder, part, kind)
            with file.open("rb") as source:
                write_atomically(target / file.name, partial(shutil.copyfileobj, source))
    print(f"MNIST lies in {target}.")
