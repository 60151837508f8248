"""Devices by name, and the number of threads."""

from __future__ import annotations

import threading

import pytest
import torch

from engine.graph.problem import Refused
from engine.training.devices import available_devices, choose_device, device_words, set_threads
from engine.training.plan import default_threads


def test_the_cpu_is_always_there() -> None:
    assert available_devices()[0] == "cpu"
    assert choose_device("cpu") == torch.device("cpu")
    assert device_words(torch.device("cpu")) == "CPU"


def test_auto_takes_cuda_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("auto") == torch.device("cuda:0")
    assert choose_device("cuda") == torch.device("cuda:0")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:7", "tpu", ""])
def test_a_device_that_is_absent_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="is not on this machine. Choose one of auto, cpu") as refused:
        choose_device(name)
    assert refused.value.problem.code == "device"


def test_threads_are_those_of_the_calling_thread() -> None:
    numbers = []

    def loop() -> None:
        numbers.append(set_threads(1))
        numbers.append(torch.get_num_threads())
        numbers.append(set_threads(2))
        numbers.append(torch.get_num_threads())
        numbers.append(set_threads(None))

    thread = threading.Thread(target=loop)
    thread.start()
    thread.join()
    assert numbers == [1, 1, 2, 2, default_threads()]
