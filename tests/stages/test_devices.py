"""GPUs that are not there are asked for in vain, with one clear line."""

import pytest
import torch

from stages.devices import devices
from tavce.errors import InputError


def test_no_gpu_is_the_cpu() -> None:
    assert devices(0) == [torch.device("cpu")]


def test_more_gpus_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(InputError, match=r"asks for 2 GPUs, and PyTorch finds 0.*runtime\.gpus: 0"):
        devices(2)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices(2) == [torch.device("cuda", 0), torch.device("cuda", 1)]
