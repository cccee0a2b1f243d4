"""Strict loading: every key accounted for, nothing run from a pickle, every refusal with names."""

import warnings

import pytest
import torch
from torch import nn

from metrics.networks.loading import load_strictly, read_state_dict


def network(channels=3):
    return nn.Sequential(nn.Linear(2, channels), nn.BatchNorm1d(channels))


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({key: value + 1 for key, value in network().state_dict().items()}, path)
    return path


def changed(path, **changes):
    state = torch.load(path, weights_only=True)
    for key, value in changes.items():
        if value is None:
            del state[key.replace("__", ".")]
        else:
            state[key.replace("__", ".")] = value
    torch.save(state, path)
    return path


def test_all_values_arrive(weights):
    module = network()
    load_strictly(module, weights)
    assert all(torch.equal(value, torch.load(weights)[key]) for key, value in module.state_dict().items())


@pytest.mark.parametrize("zipped", [True, False])
def test_both_formats_of_torch_are_read(zipped, tmp_path):
    state = network().state_dict()
    torch.save(state, tmp_path / "any.model", _use_new_zipfile_serialization=zipped)
    found = read_state_dict(tmp_path / "any.model")
    assert list(found) == list(state)
    assert all(torch.equal(found[key], state[key]) for key in state)


def test_torchscript_gives_its_state_dict(tmp_path):
    module = network().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated; the files that it made are not
        torch.jit.save(torch.jit.trace(module, torch.zeros(1, 2)), tmp_path / "script.pt")
    other = network()
    load_strictly(other, tmp_path / "script.pt")
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), other.parameters(), strict=True))


def test_the_message_names_what_is_wrong(weights):
    changed(weights, **{"0__bias": None, "2__weight": torch.zeros(3), "0__weight": torch.zeros(3, 4)})
    module = network()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with pytest.raises(ValueError, match="does not fit Sequential") as refusal:
        load_strictly(module, weights)
    assert "1 missing: 0.bias; 1 unexpected: 2.weight; 1 of another shape: 0.weight (3, 4) instead of (3, 2)" in str(
        refusal.value
    )
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_long_lists_are_shortened(tmp_path):
    torch.save({}, tmp_path / "empty.pt")
    with pytest.raises(ValueError, match=r"7 missing: 0\.weight, .* and 1 more$"):
        load_strictly(network(), tmp_path / "empty.pt")


def test_optional_keys_may_be_missing_and_nothing_else(weights):
    changed(weights, **{"1__num_batches_tracked": None})
    load_strictly(network(), weights, optional=("num_batches_tracked",))
    with pytest.raises(ValueError, match=r"1 missing: 1\.num_batches_tracked"):
        load_strictly(network(), weights)
    changed(weights, **{"1__running_mean": None})
    with pytest.raises(ValueError, match=r"1 missing: 1\.running_mean"):
        load_strictly(network(), weights, optional=("num_batches_tracked",))


def test_a_file_with_one_shape_off_by_a_broadcast_is_refused(weights):
    changed(weights, **{"0__bias": torch.zeros(1)})
    with pytest.raises(ValueError, match=r"0\.bias \(1,\) instead of \(3,\)"):
        load_strictly(network(), weights)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_truncated_file_is_refused(zipped, kept, tmp_path):
    path = tmp_path / "cut.pt"
    torch.save(network(200).state_dict(), path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(ValueError, match=r"cut\.pt is not a readable weights file: .*; fetch it again"):
        read_state_dict(path)


@pytest.mark.parametrize("content", [b"<html>404</html>", b"PK\x03\x04 no archive", b"\x80\x02}q\x00.", b"\x00" * 4096])
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "page.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a readable weights file"):
        read_state_dict(path)


class Runs:
    """A pickle that would run code on loading."""

    def __reduce__(self):
        return (print, ("run",))


def test_a_pickle_that_runs_code_is_refused(tmp_path, capsys):
    torch.save({"0.weight": Runs()}, tmp_path / "bad.pt")
    with pytest.raises(ValueError, match="is not a readable weights file"):
        read_state_dict(tmp_path / "bad.pt")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": {"a": torch.zeros(1)}}, {"a": 3}, torch.zeros(2)])
def test_what_is_no_state_dict_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="not a state dict"):
        read_state_dict(tmp_path / "other.pt")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.pt is not a file; fetch these weights first"):
        load_strictly(network(), tmp_path / "nothing.pt")
