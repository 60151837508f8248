import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.data.catalogue import DATASETS
from engine.data.datasets import load_dataset
from engine.data.fields import parse_field
from engine.graph.problem import Refused
from engine.training.plan import DatasetRef

LOCAL = [name for name, info in DATASETS.items() if info.source != "download"]


@pytest.mark.parametrize("name", LOCAL)
def test_every_local_set_keeps_what_the_catalogue_promises(name: str) -> None:
    info = DATASETS[name]
    dataset = load_dataset(DatasetRef(name=name))
    assert dataset.rows == info.rows
    assert dataset.fields == info.fields
    for field in info.fields:
        array = dataset.arrays[field.name]
        assert array.dtype == field.dtype
        assert array.flags.c_contiguous
        assert len(array.shape) - 1 == len(field.shape)
        assert all(promised in ("T", length) for promised, length in zip(field.shape, array.shape[1:], strict=True))
        assert np.isfinite(array).all()
        if field.classes is not None:
            assert sorted(np.unique(array)) == list(range(field.classes))
        assert parse_field(field.text) == field
    everything = np.concatenate([dataset.train, dataset.validation, dataset.test])
    assert sorted(everything) == list(range(info.rows))


def test_digits_are_the_real_ones_in_zero_to_one() -> None:
    from sklearn.datasets import load_digits

    dataset = load_dataset(DatasetRef(name="digits"))
    assert dataset.arrays["image"].min() == 0
    assert dataset.arrays["image"].max() == 1
    np.testing.assert_array_equal(dataset.arrays["image"][:, 0] * 16, load_digits().images)
    assert (dataset.picture_field, dataset.label_field) == ("image", "label")


def test_standardised_by_the_training_part_alone() -> None:
    dataset = load_dataset(DatasetRef(name="wine", standardise=True))
    mean, deviation = dataset.moments["features"]
    train = dataset.arrays["features"][dataset.train].astype(np.float64)
    np.testing.assert_allclose(mean, train.mean(0), rtol=1e-6)
    np.testing.assert_allclose(deviation, train.std(0), rtol=1e-6)
    assert not np.allclose(mean, dataset.arrays["features"].mean(0), rtol=1e-6)
    assert set(dataset.moments) == {"features"}
    picture_mean, _ = load_dataset(DatasetRef(name="digits", standardise=True)).moments["image"]
    assert picture_mean.shape == (1, 1, 1)


def test_mnist_from_a_folder_keeps_its_test_part(shared_mnist: Path) -> None:
    ref = DatasetRef(name="mnist", folder=str(shared_mnist))
    dataset = load_dataset(ref)
    assert dataset.rows == DATASETS["mnist"].rows
    assert dataset.fields == DATASETS["mnist"].fields
    assert [len(dataset.part(part)) for part in ("train", "validation", "test")] == [55_000, 5_000, 10_000]
    assert dataset.test[0] == 60_000
    assert list(dataset.arrays["label"][:10]) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert list(dataset.arrays["label"][60_000:60_010]) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert dataset.arrays["image"].max() == 1
    assert dataset.arrays["image"][dataset.train].mean() == pytest.approx(0.1307, abs=5e-4)
    other = load_dataset(msgspec.structs.replace(ref, split_seed=1))
    assert not np.array_equal(other.validation, dataset.validation)
    np.testing.assert_array_equal(other.test, dataset.test)
    halves = load_dataset(msgspec.structs.replace(ref, split=(0.4, 0.4, 0.2)))
    assert len(halves.train) == len(halves.validation) == 30_000


def test_mnist_in_the_folder_of_downloads(shared_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLOOM_DATA_FOLDER", str(tmp_path))
    with pytest.raises(Refused, match="There is no dataset MNIST on this machine. Press Download"):
        load_dataset(DatasetRef(name="mnist"))
    (tmp_path / "mnist").mkdir()
    with pytest.raises(Refused, match="Press Download"):
        load_dataset(DatasetRef(name="mnist"))
    for file in shared_mnist.iterdir():
        (tmp_path / "mnist" / file.name).write_bytes(file.read_bytes())
    assert load_dataset(DatasetRef(name="mnist")).rows == 70_000


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(Refused, match="There is no dataset digit on this machine. Choose one of digits, mnist"):
        load_dataset(DatasetRef(name="digit"))


def test_the_hash_tells_other_data() -> None:
    ref = DatasetRef(name="iris")
    digest = load_dataset(ref).content_hash()
    assert load_dataset(msgspec.structs.replace(ref, hash=digest, split_seed=3)).content_hash() == digest
    assert load_dataset(DatasetRef(name="wine")).content_hash() != digest
    with pytest.raises(Refused, match="Wine on this machine is not the data"):
        load_dataset(DatasetRef(name="wine", hash=digest))


def test_made_sets_never_change() -> None:
    """Saved projects count on the same rows on every machine and with every numpy."""
    moons, sine = load_dataset(DatasetRef(name="moons")), load_dataset(DatasetRef(name="sine"))
    np.testing.assert_allclose(moons.arrays["point"][0], (-1.095349, 0.485561), atol=1e-6)
    np.testing.assert_allclose(sine.arrays["sequence"][0, :2, 0], (-0.7917333, -0.6433476), atol=1e-6)
    assert list(moons.test[:5]) == [3, 14, 15, 16, 23]


def test_the_catalogue_loads_no_heavy_library() -> None:
    code = (
        "import sys, engine.data.catalogue, engine.data.download, engine.data.folders;"
        "print([m for m in ('torch', 'sklearn', 'numpy') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
