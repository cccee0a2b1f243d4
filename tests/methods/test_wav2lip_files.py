"""Files of Wav2Lip: ours, and official ones as they were pickled and as TorchScript, whole and broken."""

import json
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tavce.data.tensors import read_tensors
from tavce.errors import InputError
from tavce.methods.wav2lip.checkpoint import checkpoint_bytes, load_expert, load_generator, load_trained
from tavce.model.wav2lip.generator import OFFICIAL, Wav2Lip, Wav2LipConfig
from tavce.model.wav2lip.sync_expert import SyncExpert, SyncExpertConfig

OFFICIAL_KEYS = json.loads((Path(__file__).parents[1] / "parity" / "golden" / "wav2lip.keys.json").read_text())
CONFIG = Wav2LipConfig(24, 0.05)
LOADERS = [load_trained, load_generator, load_expert]


@dataclass(frozen=True)
class Official:
    """Files at official size, made from the official keys alone, and what is in them."""

    generator: dict[str, Tensor]
    expert: dict[str, Tensor]
    folder: Path


def drawn(name: str) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(len(name))
    shapes = OFFICIAL_KEYS[name]
    whole = {key: torch.tensor(7) for key in shapes if key.endswith("num_batches_tracked")}
    return {key: whole.get(key, torch.rand(shape, generator=generator)) for key, shape in shapes.items()}


def save_pickled(path: Path, tensors: dict[str, Tensor]) -> None:
    """Save as the training did: in the form that PyTorch had then, from within a wrapper for several GPUs."""
    state = {f"module.{key}": value for key, value in tensors.items()}
    content = {"state_dict": state, "optimizer": None, "global_step": 3000, "global_epoch": 2}
    torch.save(content, path, _use_new_zipfile_serialization=False)


def save_torchscript(path: Path, tensors: dict[str, Tensor]) -> None:
    """Save as an archive of a network whose submodules are called as the keys say."""
    network = nn.Module()
    for key, value in tensors.items():
        *parents, leaf = key.split(".")
        module = network
        for parent in parents:
            if parent not in dict(module.named_children()):
                module.add_module(parent, nn.Module())
            module = module.get_submodule(parent)
        module.register_buffer(leaf, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the published files are as they are
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(network).save(path)


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Official:
    folder = tmp_path_factory.mktemp("official")
    made = Official(drawn("wav2lip"), drawn("sync_expert"), folder)
    save_pickled(folder / "wav2lip.pth", made.generator)
    save_torchscript(folder / "Wav2Lip-SD-NOGAN.pt", made.generator)
    save_pickled(folder / "lipsync_expert.pth", made.expert)
    return made


@pytest.fixture(scope="module")
def networks() -> tuple[Wav2Lip, SyncExpert]:
    torch.manual_seed(0)
    return Wav2Lip(CONFIG), SyncExpert(SyncExpertConfig(CONFIG.side, CONFIG.width))


@pytest.fixture
def ours(networks: tuple[Wav2Lip, SyncExpert], tmp_path: Path) -> Path:
    generator, expert = (network.state_dict() for network in networks)
    path = tmp_path / "wav2lip.pt"
    path.write_bytes(checkpoint_bytes(CONFIG, generator, expert))
    return path


def equal(network: nn.Module, tensors: dict[str, Tensor]) -> bool:
    state = network.state_dict()
    return state.keys() == tensors.keys() and all(torch.equal(value, state[key]) for key, value in tensors.items())


def refusal(load: Callable[[Path], object], path: Path) -> str:
    """Return what is said, which is one line that names the file."""
    with pytest.raises(InputError) as caught:
        load(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert len(said.splitlines()) == 1
    return said


# Ours


def test_a_training_comes_back_as_it_was(networks: tuple[Wav2Lip, SyncExpert], ours: Path) -> None:
    found = load_trained(ours)
    for network, before in zip((found.generator, found.expert), networks, strict=True):
        assert equal(network, before.state_dict()), "to the last bit"
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())
    assert (found.generator.config, found.expert.config) == (CONFIG, SyncExpertConfig(CONFIG.side, CONFIG.width))
    assert equal(load_generator(ours), networks[0].state_dict())


def test_the_same_weights_are_the_same_bytes(networks: tuple[Wav2Lip, SyncExpert], ours: Path) -> None:
    found = load_trained(ours)
    again = checkpoint_bytes(CONFIG, found.generator.state_dict(), found.expert.state_dict())
    assert again == ours.read_bytes()
    moved = {key: value + value.is_floating_point() for key, value in found.generator.state_dict().items()}
    assert checkpoint_bytes(CONFIG, moved, found.expert.state_dict()) != again


def test_halved_filters_are_rounded_and_all_else_is_kept(
    networks: tuple[Wav2Lip, SyncExpert], ours: Path, tmp_path: Path
) -> None:
    generator, expert = (network.state_dict() for network in networks)
    path = tmp_path / "half.pt"
    path.write_bytes(checkpoint_bytes(CONFIG, generator, expert, half=True))
    assert path.stat().st_size < 0.8 * ours.stat().st_size
    found = load_trained(path)
    for network, before in ((found.generator, generator), (found.expert, expert)):
        assert {value.dtype for value in network.state_dict().values()} == {torch.float32, torch.int64}
        assert equal(network, {key: value.half().float() if value.ndim > 1 else value for key, value in before.items()})
        assert not equal(network, dict(before)), "rounding shows"


def test_a_file_of_other_sizes_is_refused(networks: tuple[Wav2Lip, SyncExpert], ours: Path, tmp_path: Path) -> None:
    whole = read_tensors(ours)
    path = tmp_path / "other.pt"
    for change in ({"side": torch.tensor(32)}, {"side": torch.tensor([24, 24])}, {"width": torch.tensor([50, 50])}):
        torch.save(whole | change, path)
        for load in (load_trained, load_generator):
            assert "is no file of the stage `wav2lip`" in refusal(load, path)
    torch.save(whole | {"width": torch.tensor(60)}, path)
    assert "do not fit Wav2Lip" in refusal(load_trained, path)
    assert "of another shape" in refusal(load_generator, path)
    torch.save({key: value for key, value in whole.items() if not key.startswith("expert.")}, path)
    assert "do not fit SyncExpert: " in refusal(load_trained, path)
    assert equal(load_generator(path), networks[0].state_dict()), "who needs no expert misses none"


# Official


@pytest.mark.parametrize("name", ["wav2lip.pth", "Wav2Lip-SD-NOGAN.pt"])
def test_an_official_generator(official: Official, name: str) -> None:
    network = load_generator(official.folder / name)
    assert network.config == OFFICIAL
    assert not network.training
    assert equal(network, official.generator)


def test_an_official_expert(official: Official) -> None:
    expert = load_expert(official.folder / "lipsync_expert.pth")
    assert not expert.training
    assert equal(expert, official.expert)


def test_the_file_of_another_network_is_refused_with_its_keys(official: Official) -> None:
    expert, generator = official.folder / "lipsync_expert.pth", official.folder / "wav2lip.pth"
    said = refusal(load_generator, expert)
    assert "do not fit Wav2Lip: " in said
    assert "missing: face_encoder_blocks.0.0.conv_block.0.weight" in said
    assert "unexpected: face_encoder.0.conv_block.0.weight" in said
    assert "do not fit SyncExpert: " in refusal(load_expert, generator)
    assert "is no file of the stage `wav2lip`" in refusal(load_trained, generator)


def test_a_key_too_few_or_too_many_is_refused(ours: Path, tmp_path: Path) -> None:
    whole, path = read_tensors(ours), tmp_path / "changed.pt"
    key = "generator.output_block.1.bias"
    torch.save({name: value for name, value in whole.items() if name != key}, path)
    assert "1 missing: output_block.1.bias;" in refusal(load_generator, path)
    torch.save(whole | {"generator.more": torch.zeros(1)}, path)
    assert "1 unexpected: more;" in refusal(load_generator, path)
    torch.save(whole | {key: torch.zeros(4)}, path)
    assert "1 of another shape: output_block.1.bias (4,) instead of (3,);" in refusal(load_generator, path)


# Broken


@pytest.mark.parametrize("load", LOADERS)
def test_what_is_no_file_of_weights(load: Callable[[Path], object], tmp_path: Path) -> None:
    assert "there is no such file" in refusal(load, tmp_path / "absent.pth")
    assert "there is no such file" in refusal(load, tmp_path)
    path = tmp_path / "page.pth"
    for text in ("<!DOCTYPE html>\n<html>\nquota exceeded\n</html>\n", "\n\n", "", "state_dict"):
        path.write_text(text)
        assert "cannot be read as weights" in refusal(load, path)
    for content in ([torch.zeros(2)], {"state_dict": None}, {}, {"weight": 3}, torch.zeros(2)):
        torch.save(content, path)
        assert "holds no tensors by key" in refusal(load, path)


def run_me(path: str) -> None:
    Path(path).touch()


class Harmful:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return run_me, (str(self.path),)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "harmful.pth", tmp_path / "trace"
    for save in (torch.save, lambda content, to: to.write_bytes(pickle.dumps(content, protocol=2))):
        save({"state_dict": {"weight": Harmful(trace)}}, path)
        assert "cannot be read as weights" in refusal(load_generator, path)
        assert not trace.exists()
    pickle.loads(path.read_bytes())  # noqa: S301
    assert trace.exists(), "it would have been"


@pytest.mark.parametrize("form", ["ours", "pickled", "torchscript"])
def test_a_file_cut_short_is_refused_wherever_it_ends(form: str, ours: Path, tmp_path: Path) -> None:
    whole = ours
    if form != "ours":
        whole = tmp_path / "whole.pt"
        tensors = {key: value for key, value in read_tensors(ours).items() if key.startswith("generator.")}
        {"pickled": save_pickled, "torchscript": save_torchscript}[form](whole, tensors)
        assert read_tensors(whole).keys() == tensors.keys()
    content, path = whole.read_bytes(), tmp_path / "cut.pt"
    for length in [1, 2, 3, 17, 64, 500, *range(1000, len(content), len(content) // 11), len(content) - 1]:
        path.write_bytes(content[:length])
        assert "cannot be read as weights" in refusal(load_generator, path)


def test_an_official_file_cut_short_is_refused(official: Official, tmp_path: Path) -> None:
    path = tmp_path / "wav2lip.pth"
    with (official.folder / "wav2lip.pth").open("rb") as file:
        path.write_bytes(file.read(2_000_000))
    assert "cannot be read as weights" in refusal(load_generator, path)
