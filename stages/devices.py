"""Section `runtime` of params.yaml, as far as it concerns GPUs: how many are used."""

import torch

from tavce.errors import InputError


def devices(gpus: int) -> list[torch.device]:
    """Return the devices that trainings are spread over: as many GPUs as asked for, or the CPU for none.

    Raises:
        InputError: the machine has fewer.
    """
    there = torch.cuda.device_count()
    if gpus > there:
        problem = f"asks for {gpus} GPU{'s' * (gpus > 1)}, and PyTorch finds {there} on this machine"
        raise InputError("runtime.gpus", problem, f"set runtime.gpus: {there} in params.yaml (0 is the CPU)")
    return [torch.device("cuda", number) for number in range(gpus)] or [torch.device("cpu")]
