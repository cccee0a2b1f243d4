"""Checkpoints of animators, and what they make of a portrait and sound: with random weights, so that it is quick."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tavce.errors import InputError
from tavce.media.mel import mel_spectrogram, mel_windows
from tavce.methods.native.animate import animate
from tavce.methods.native.checkpoint import (
    About,
    Native,
    States,
    checkpoint_bytes,
    load_checkpoint,
    networks,
    save_checkpoint,
)
from tavce.methods.native.clip import true_coefficients
from tavce.methods.native.render import audio_differences, render, shuffled, spoken
from tavce.model.motion.sampling import Layout
from tavce.model.portrait.reading import resized

LAYOUT = Layout(expression=(0, 1, 2, 3), pose=(7, 8, 9, 10, 11), pose_units=(3.0, 1.5, 1.5, 0.01, 0.007), lids=(4, 5))
BASE = About("Base", "random pictures", "small", 14, LAYOUT, -2, "none", "own", "none", 0, 0)
ARM = replace(BASE, label="Arm", gate="signed", hearing="tiny")
FRAMES = 30
TRUTH = np.random.default_rng(2).normal(0, 0.1, (FRAMES, 14)).astype(np.float32)


def random_states(about: About) -> States:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        found = networks(about)
        if about.attention is not None:
            torch.nn.init.normal_(found["renderer"].attention.proj2.weight, std=0.3)
        # The random portrait network accepts any picture; blinks and heads stay finite.
        found["portrait"].threshold.fill_(-torch.inf)
    return {name: network.state_dict() for name, network in found.items()}


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    rng = np.random.default_rng(0)
    loud = np.repeat(rng.uniform(0, 1, FRAMES), 640)
    return (3000 * loud * rng.normal(size=FRAMES * 640)).clip(-30000, 30000).astype(np.int16)


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.kron(rng.integers(0, 255, (16, 16, 3)), np.ones((6, 6, 1))).astype(np.uint8)


def saved(path: Path, about: About) -> Path:
    save_checkpoint(path, about, random_states(about))
    return path


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", ARM)
    native = load_checkpoint(path)
    assert native.about == ARM
    assert native.hearing is not None
    assert not native.renderer.training
    for name, value in random_states(ARM)["renderer"].items():
        assert torch.equal(native.renderer.state_dict()[name], value)
    assert checkpoint_bytes(ARM, random_states(ARM)) == path.read_bytes()  # whatever the name of the file


def test_half_precision_halves_the_file_and_hardly_moves_a_weight(tmp_path: Path) -> None:
    states = random_states(BASE)
    half = checkpoint_bytes(BASE, states, half=True)
    assert len(half) < 0.6 * len(checkpoint_bytes(BASE, states))
    (tmp_path / "half.pt").write_bytes(half)
    loaded = load_checkpoint(tmp_path / "half.pt").renderer.state_dict()
    for name, value in states["renderer"].items():
        assert loaded[name].dtype == value.dtype
        torch.testing.assert_close(loaded[name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda states: states["renderer"].pop("first.weight"), r"renderer.*1 missing: first\.weight"),
        (lambda states: states["motion"].update(extra=torch.zeros(1)), r"motion.*1 unexpected: extra"),
        (lambda states: states.pop("pose"), r"networks .* where .*pose"),
    ],
)
def test_keys_that_do_not_fit_are_named(tmp_path: Path, change: object, said: str) -> None:
    states = {name: dict(state) for name, state in random_states(BASE).items()}
    change(states)  # type: ignore[operator]
    (tmp_path / "a.pt").write_bytes(checkpoint_bytes(BASE, states))
    with pytest.raises(InputError, match=said):
        load_checkpoint(tmp_path / "a.pt")


def test_a_checkpoint_of_another_size_names_shapes_and_size(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(checkpoint_bytes(replace(BASE, size="tiny"), random_states(BASE)))
    with pytest.raises(InputError, match=r"renderer: the weights do not fit FaceAnimator.*size is 'tiny'"):
        load_checkpoint(tmp_path / "a.pt")


class _Poison:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("poisoned",)


def test_what_is_no_checkpoint_is_refused_unread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_checkpoint(tmp_path / "absent.pt")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(InputError, match="cannot be read as weights"):
        load_checkpoint(tmp_path / "text.pt")
    (tmp_path / "poison.pt").write_bytes(pickle.dumps(_Poison(), protocol=2))
    with pytest.raises(InputError, match="cannot be read as weights"):
        load_checkpoint(tmp_path / "poison.pt")
    assert "poisoned" not in capsys.readouterr().out
    torch.save({"state_dict": {}}, tmp_path / "other.pt")
    with pytest.raises(InputError, match="is no animator checkpoint"):
        load_checkpoint(tmp_path / "other.pt")
    whole = saved(tmp_path / "whole.pt", BASE).read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cannot be read as weights"):
        load_checkpoint(tmp_path / "cut.pt")


def rendered(path: Path, portrait: np.ndarray, voice: np.ndarray) -> np.ndarray:
    native, mels = load_checkpoint(path), heard(voice)
    return np.stack(list(render(native, portrait, TRUTH[0], spoken(native, TRUTH, mels), mels)))


def heard(voice: np.ndarray) -> np.ndarray:
    return mel_windows(mel_spectrogram(voice), FRAMES, start=-2)


def test_the_sound_reaches_the_picture_through_the_gate(
    tmp_path: Path, portrait: np.ndarray, voice: np.ndarray
) -> None:
    """The expression is heard too, so each arm hears the same motion; only what its attention is shown differs."""
    own = rendered(saved(tmp_path / "own.pt", ARM), portrait, voice)
    other = rendered(saved(tmp_path / "shuffled.pt", replace(ARM, gate_audio="shuffled")), portrait, voice)
    null = rendered(saved(tmp_path / "null.pt", replace(ARM, gate="null")), portrait, voice)
    assert own.shape == (FRAMES, 96, 96, 3)  # as large as the portrait, though the network is of 64 pixels
    assert (own != other).mean() > 0.01
    assert (own != null).mean() > 0.01
    # The first frame has none before it: whatever the gate, it is shown nothing.
    assert np.array_equal(own[0], null[0])


def test_batches_do_not_move_a_frame(
    tmp_path: Path, portrait: np.ndarray, voice: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "own.pt", ARM)
    whole = rendered(path, portrait, voice)
    monkeypatch.setattr("tavce.methods.native.render.BATCH", 7)
    assert np.abs(rendered(path, portrait, voice).astype(int) - whole).max() <= 1


def test_shuffled_differences_are_the_same_moments_elsewhere(voice: np.ndarray, tmp_path: Path) -> None:
    hearing = load_checkpoint(saved(tmp_path / "own.pt", ARM)).hearing
    assert hearing is not None
    found = audio_differences(hearing, mel_windows(mel_spectrogram(voice), FRAMES, start=-2))
    assert not found[0].any()
    assert found[1:].any(axis=1).all()
    other = shuffled(found, 0)
    assert not np.array_equal(other, found)
    assert np.array_equal(np.sort(other, axis=0), np.sort(found, axis=0))


def test_animate_follows_seed_and_checkpoint(tmp_path: Path, portrait: np.ndarray, voice: np.ndarray) -> None:
    path = saved(tmp_path / "a.pt", BASE)
    frames = animate(portrait, voice[:-100], checkpoint=path, seed=1)
    assert frames.shape == (FRAMES, 96, 96, 3)  # the last frame is begun
    assert np.array_equal(frames, animate(portrait, voice[:-100], checkpoint=path, seed=1))
    assert not np.array_equal(frames, animate(portrait, voice[:-100], checkpoint=path, seed=2))


def test_animate_says_what_is_wrong(tmp_path: Path, portrait: np.ndarray, voice: np.ndarray) -> None:
    path = saved(tmp_path / "a.pt", BASE)
    with pytest.raises(InputError, match=r"the audio: lasts 0\.10 s, less than one window"):
        animate(portrait, voice[:1600], checkpoint=path)
    with pytest.raises(InputError, match="the audio: is silent"):
        animate(portrait, np.zeros_like(voice), checkpoint=path)
    with pytest.raises(InputError, match=r"the portrait: .* too small"):
        animate(portrait[:10], voice, checkpoint=path)
    with pytest.raises(InputError, match="the seed: is -1"):
        animate(portrait, voice, checkpoint=path, seed=-1)
    assert animate(portrait[:40, :40], voice, checkpoint=path).shape == (
        FRAMES,
        64,
        64,
        3,
    )  # no smaller than it learned
    strict = {name: dict(state) for name, state in random_states(BASE).items()}
    strict["portrait"]["threshold"] = torch.full_like(strict["portrait"]["threshold"], torch.inf)
    path.write_bytes(checkpoint_bytes(BASE, strict))
    with pytest.raises(InputError, match="the portrait: shows no face of the kind that 'Base' knows: random pictures"):
        animate(portrait, voice, checkpoint=path)


def test_the_published_architecture_works_at_its_own_size(
    tmp_path: Path, portrait: np.ndarray, voice: np.ndarray
) -> None:
    """Its keypoints lie elsewhere in a picture of another size, so pictures come down to 64 pixels and back."""
    path = saved(tmp_path / "tiny.pt", replace(BASE, size="tiny"))
    large = torch.from_numpy(rendered(path, portrait, voice)[3]).permute(2, 0, 1)[None].float()
    assert large.shape == (1, 3, 96, 96)
    shrunk = torch.nn.functional.interpolate(
        torch.from_numpy(portrait).permute(2, 0, 1)[None].float(), (64, 64), mode="area"
    )
    small = rendered(path, shrunk[0].permute(1, 2, 0).round().byte().numpy(), voice)[3]
    again = resized(torch.from_numpy(small).permute(2, 0, 1)[None].float(), 96)
    assert (large - again).abs().mean() < 1.5
    wrong = np.stack(list(unscaled(load_checkpoint(path), portrait, voice)))[3]
    assert np.abs(wrong.astype(float) - large[0].permute(1, 2, 0).numpy()).mean() > 3


def unscaled(native: Native, portrait: np.ndarray, voice: np.ndarray) -> Iterator[np.ndarray]:
    """Render at the portrait's size, as the network was not trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tavce.methods.native.render.side_within", lambda size, side: side)
        yield from render(native, portrait, TRUTH[0], spoken(native, TRUTH, heard(voice)), heard(voice))


def test_coefficients_of_another_kind_are_refused_with_numbers() -> None:
    rows = np.ones((3, 57), np.float64)
    assert true_coefficients({"coefficients": rows}, BASE) == "it has 57 motion coefficients, the animator takes 14"
    assert true_coefficients({}, BASE) == "it has no motion coefficients, the animator takes 14"
    taken = true_coefficients({"coefficients": rows[:, :14]}, BASE)
    assert not isinstance(taken, str)
    assert taken.dtype == np.float32
