"""One clip through all metrics and judges: values, reasons, and what they may not depend on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metrics import METRICS, VARIANTS
from metrics.ssim_mouth import ssim_mouth
from stages import compare_clip, observe
from stages.compare_clip import Pair
from stages.observe import Observed, Observer, load_observed, save_observed
from stages.panel import JudgeError, Panel
from stages.score_clip import score_clip
from tavce.errors import InputError
from tavce.media.audio import read_wav, write_wav
from tavce.media.video import read_video
from tavce.media.writer import write_video

MakePanel = Callable[..., Panel]
CHOSEN = tuple(each for each in METRICS + VARIANTS if not each.needs.startswith("i3d"))
PER_CLIP = {each.key for each in CHOSEN if each.scope != "set"}


def values(pair: Pair, panel: Panel) -> dict[str, object]:
    return {str(row["metric"]): row["value"] for row in score_clip(pair, CHOSEN, panel).rows}


def seen(video: Path, panel: Panel) -> Observed:
    observer = Observer(panel, {each.needs for each in CHOSEN}, video)
    observer.add(read_video(video))
    return observer.result()


def test_every_metric_has_a_row_with_a_value_or_a_reason(pair: Pair, make_panel: MakePanel) -> None:
    scored = score_clip(pair, CHOSEN, make_panel())
    assert {row["metric"] for row in scored.rows} == PER_CLIP
    assert all((row["value"] is None) == (row["reason"] is not None) for row in scored.rows)
    reasons = {str(row["metric"]): str(row["reason"]) for row in scored.rows if row["value"] is None}
    assert set(reasons) <= {"blink_rate_error", "upper_face_distance", "beat_align"}  # 30 frames are few for these
    assert scored.features["inception"].shape == (30, 128)
    assert scored.reference_features["inception"].shape == (30, 128)


def test_the_truth_against_itself(pair: Pair, make_panel: MakePanel) -> None:
    found = values(replace(pair, generated=pair.reference), make_panel())
    assert found["psnr"] == np.inf
    assert found["ssim"] == found["ssim_mouth"] == 1
    assert found["lpips"] == found["lmd_mouth"] == found["lvd_face"] == 0
    assert found["csim_paired"] == 1


def test_what_the_judges_saw_before_gives_the_same_bits(pair: Pair, make_panel: MakePanel, tmp_path: Path) -> None:
    panel = make_panel()
    save_observed(seen(pair.reference, panel), tmp_path / "seen.npz")
    assert values(replace(pair, seen=load_observed(tmp_path / "seen.npz")), panel) == values(pair, panel)


def test_a_copy_of_the_reference_need_not_be_looked_at_again(pair: Pair, make_panel: MakePanel) -> None:
    panel = make_panel()
    copy = replace(pair, generated=pair.reference, seen=seen(pair.reference, panel))
    assert values(replace(copy, copied=True), panel) == values(copy, panel)
    # A wrong flag would show: what was made is not what the reference shows.
    assert values(replace(pair, seen=copy.seen, copied=True), panel)["lse_d"] != values(pair, panel)["lse_d"]


def test_scores_do_not_depend_on_the_batch(pair: Pair, make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = values(pair, make_panel())
    monkeypatch.setattr(observe, "BATCH", 3)
    monkeypatch.setattr(compare_clip, "BLOCK", 16)
    parts = values(pair, make_panel())
    for key, value in whole.items():
        assert parts[key] == (None if value is None else pytest.approx(value, rel=2e-5, abs=2e-6)), key


def test_a_video_without_sound_lacks_only_what_is_heard(pair: Pair, make_panel: MakePanel) -> None:
    pair.generated.with_suffix(".wav").unlink()
    rows = {str(row["metric"]): row for row in score_clip(pair, CHOSEN, make_panel()).rows}
    for each in CHOSEN:
        if each.needs in ("sync", "sound"):
            assert "no audio stream" in str(rows[each.key]["reason"])
    assert rows["lpips"]["value"] is not None
    assert rows["csim"]["value"] is not None


def test_other_sound_is_farther_or_nearer_but_never_the_own(pair: Pair, make_panel: MakePanel) -> None:
    panel = make_panel()
    assert values(pair, panel)["audio_margin"] != 0
    assert values(replace(pair, other_sound=pair.generated), panel)["audio_margin"] == 0
    alone = {str(r["metric"]): r for r in score_clip(replace(pair, other_sound=None), CHOSEN, panel).rows}
    assert "no third identity" in str(alone["audio_margin"]["reason"])


def test_a_mute_neighbour_costs_a_clip_its_margin_and_nothing_else(pair: Pair, make_panel: MakePanel) -> None:
    assert pair.other_sound is not None
    pair.other_sound.with_suffix(".wav").unlink()
    rows = {str(row["metric"]): row for row in score_clip(pair, CHOSEN, make_panel()).rows}
    assert "clip to compare with" in str(rows["audio_margin"]["reason"])
    assert rows["lse_c"]["value"] is not None
    assert rows["av_offset"]["value"] is not None


def test_frames_used_are_those_with_sound(pair: Pair, make_panel: MakePanel) -> None:
    sound = pair.generated.with_suffix(".wav")
    write_wav(sound, read_wav(sound)[: 12 * 640], 16_000)
    rows = {str(row["metric"]): row for row in score_clip(pair, CHOSEN, make_panel()).rows}
    assert rows["lse_d"]["frames_used"] == rows["audio_margin"]["frames_used"] == 12
    assert rows["lvd_mouth"]["frames_used"] == 30


@pytest.mark.parametrize("changes", [{"sync_mode": "faithful"}, {"sync_crop": "syncnet_track"}])
def test_protocols_of_synchrony_differ(pair: Pair, make_panel: MakePanel, changes: dict[str, str]) -> None:
    assert values(pair, make_panel(**changes))["lse_d"] != values(pair, make_panel())["lse_d"]


def test_a_face_track_needs_a_face(pair: Pair, make_panel: MakePanel) -> None:
    panel = make_panel(sync_crop="syncnet_track")
    panel.__dict__["landmarks"] = lambda frames: np.full((len(frames), 68, 2), np.nan, np.float32)
    rows = {str(row["metric"]): row for row in score_clip(pair, CHOSEN, panel).rows}
    assert rows["lse_c"]["reason"] == "no face was found in any of its 30 frames"
    assert "source" in str(rows["csim"]["reason"])
    assert rows["csim_paired"]["reason"] == "none of 30 frames has a value"
    assert rows["psnr"]["value"] is not None


def test_a_longer_video_is_scored_as_far_as_the_reference_goes(pair: Pair, make_panel: MakePanel) -> None:
    frames = list(read_video(pair.generated))
    panel, plain = make_panel(), values(pair, make_panel())
    write_video(pair.generated, [*frames, *frames[::-1]])
    longer = score_clip(pair, CHOSEN, panel)
    assert {str(row["metric"]): row["value"] for row in longer.rows} == plain
    assert {(row["frames_expected"], row["frames_generated"]) for row in longer.rows} == {(30, 60)}
    assert len(longer.features["inception"]) == 30


def test_frames_too_small_for_one_metric_cost_that_metric_only(pair: Pair, make_panel: MakePanel) -> None:
    for video in (pair.generated, pair.reference):
        write_video(video, [np.ascontiguousarray(frame[30:60, 30:60]) for frame in read_video(video)])
    rows = {str(row["metric"]): row for row in score_clip(pair, CHOSEN, make_panel()).rows}
    assert "must have at least 32 x 32 pixels" in str(rows["lpips"]["reason"])
    assert "smaller than the SSIM window of 11 pixels" in str(rows["ssim_mouth"]["reason"])
    assert rows["lpips"]["frames_used"] == 0
    assert all(rows[key]["value"] is not None for key in ("psnr", "ssim", "lse_c", "csim"))


def test_the_mouth_is_that_of_the_reference(pair: Pair, make_panel: MakePanel, tmp_path: Path) -> None:
    panel = make_panel()
    found = values(pair, panel)["ssim_mouth"]
    frames, truth = read_video(pair.generated), read_video(pair.reference)
    assert found == pytest.approx(ssim_mouth(frames, truth, panel.landmarks(truth)).mean(), abs=1e-12)
    moved = panel.landmarks(truth) + np.float32([8, 0])
    assert found != pytest.approx(ssim_mouth(frames, truth, moved).mean(), abs=1e-4)
    panel.__dict__["landmarks"] = lambda frames: np.full((len(frames), 68, 2), np.nan, np.float32)
    rows = {str(row["metric"]): row for row in score_clip(pair, CHOSEN, panel).rows}
    assert rows["ssim_mouth"]["reason"] == "none of 30 frames has a value"
    assert rows["ssim"]["value"] is not None


def test_an_unreadable_video_is_a_row_and_an_unreadable_reference_an_error(pair: Pair, make_panel: MakePanel) -> None:
    pair.generated.write_bytes(b"no video")
    scored = score_clip(pair, CHOSEN, make_panel())
    assert {row["metric"] for row in scored.rows} == PER_CLIP
    assert all(row["value"] is None and row["reason"] for row in scored.rows)
    assert scored.features == {}
    pair.reference.write_bytes(b"no video")
    with pytest.raises(InputError):
        score_clip(pair, CHOSEN, make_panel())


def test_frames_without_a_value_by_definition_are_not_lost(pair: Pair, make_panel: MakePanel) -> None:
    rows = {str(row["metric"]): row for row in score_clip(pair, CHOSEN, make_panel()).rows}
    assert rows["lvd_mouth"]["frames_used"] == rows["sync_confidence"]["frames_used"] == 30


def test_a_judge_that_cannot_be_opened_ends_the_run_and_is_no_reason_of_a_clip(
    pair: Pair, make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAVCE_WEIGHTS", str(tmp_path / "empty"))
    panel = make_panel(sync="syncnet_v2")
    del panel.__dict__["sync"]
    with pytest.raises(JudgeError, match="tavce weights fetch syncnet_v2"):
        score_clip(pair, CHOSEN, panel)
