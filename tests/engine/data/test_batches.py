import numpy as np
import torch

from engine.data.batches import DeviceData, permutation
from engine.data.datasets import load_dataset
from engine.training.plan import DatasetRef


def test_a_batch_is_an_index_into_the_whole() -> None:
    dataset = load_dataset(DatasetRef(name="digits"))
    data = DeviceData(dataset)
    rows = data.rows("validation")[:5]
    np.testing.assert_array_equal(data.tensors["image"][rows], dataset.arrays["image"][dataset.validation[:5]])
    assert data.tensors["label"].dtype == torch.int64
    assert data.tensors["image"].data_ptr() == dataset.arrays["image"].ctypes.data
    assert len(data.fields("test")["label"]) == len(dataset.test)


def test_standardised_on_the_device_and_the_arrays_left_alone() -> None:
    dataset = load_dataset(DatasetRef(name="breast-cancer", standardise=True))
    before = dataset.arrays["features"].copy()
    train = DeviceData(dataset).fields("train")["features"]
    torch.testing.assert_close(train.mean(0), torch.zeros(30), atol=1e-5, rtol=0)
    torch.testing.assert_close(train.std(0, correction=0), torch.ones(30), atol=1e-4, rtol=0)
    np.testing.assert_array_equal(dataset.arrays["features"], before)


def test_the_order_comes_from_seed_and_epoch_alone() -> None:
    data = DeviceData(load_dataset(DatasetRef(name="iris")))
    state = torch.get_rng_state()
    first = data.order(0, 3)
    torch.rand(7)
    again = data.order(0, 3)
    assert torch.equal(first, again)
    assert torch.equal(first.sort().values, data.rows("train"))
    assert not torch.equal(first, data.order(0, 4))
    assert not torch.equal(first, data.order(1, 3))
    torch.set_rng_state(state)
    drawn = torch.rand(3)
    torch.set_rng_state(state)
    data.order(5, 5)
    assert torch.equal(torch.rand(3), drawn)


def test_the_order_is_the_same_on_every_machine() -> None:
    assert permutation(8, 0, 0).tolist() == [5, 1, 4, 2, 3, 7, 6, 0]
