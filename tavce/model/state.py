"""A state dict -> a network, with every key accounted for."""

from collections.abc import Mapping

from torch import Tensor, nn

SHOWN = 6  # keys named in a message


def fill_strictly(
    module: nn.Module,
    state: Mapping[str, Tensor],
    *,
    optional: tuple[str, ...] = ("num_batches_tracked",),
    fresh: tuple[str, ...] = (),
) -> None:
    """Fill ``module`` from ``state``, so that no parameter or buffer keeps its random start by accident.

    If anything is refused, the module is unchanged. Its training mode is left as it is.

    Args:
        module: the network.
        state: tensors by key, such as an official file holds them.
        optional: last parts of keys that ``state`` may lack; the module's own values stay.
        fresh: first parts of keys that are to start anew, such as a last layer of another size; ``state`` may hold
            them or lack them, and is not asked.

    Raises:
        ValueError: a key is missing, unexpected or of another shape.
    """
    wanted = {key: value for key, value in module.state_dict().items() if not key.startswith(fresh or "\0")}
    found = {key: value for key, value in state.items() if not key.startswith(fresh or "\0")}
    missing = [key for key in wanted if key not in found and key.rpartition(".")[2] not in optional]
    unexpected = [key for key in found if key not in wanted]
    both = wanted.keys() & found.keys()
    reshaped = [
        f"{key} {tuple(found[key].shape)} instead of {tuple(wanted[key].shape)}"
        for key in wanted
        if key in both and found[key].shape != wanted[key].shape
    ]
    named = {"missing": missing, "unexpected": unexpected, "of another shape": reshaped}
    problems = [f"{len(keys)} {what}: {_shortened(keys)}" for what, keys in named.items() if keys]
    if problems:
        raise ValueError(f"the weights do not fit {type(module).__name__}: {'; '.join(problems)}")
    module.load_state_dict({**module.state_dict(), **found})


def _shortened(keys: list[str]) -> str:
    return ", ".join(keys[:SHOWN]) + (f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else "")
