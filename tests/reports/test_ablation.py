"""The comparison of arms: which clips, which pairs, which verdicts, and what is said of them."""

import math
from zlib import crc32

import numpy as np
import pandas as pd
import pytest

from reports.ablation import Study, ablation
from reports.ablation_findings import findings
from reports.ablation_page import Setting, ablation_frame, ablation_markdown, difference_table, level_table
from reports.crossed import crossed_mean, holm
from reports.describe import MetricInfo
from reports.latex import to_latex

METRICS = [MetricInfo("up", "Up", "", "higher", 2), MetricInfo("down", "Down", "px", "lower", 2)]
OFFSET = MetricInfo("offset", "Offset", "frames", "zero", 1)
LABELS = {"base": "Base", "mid": "Mid", "full": "Full", "null": "Null"}
STUDY = Study(LABELS, "full", "null", "base")
SETTING = Setting("judges: stand-ins (1a)", "true pose", "All arms take 9 steps from one base.", "tavce-bench 0")
PEOPLE, SEEDS = 8, (0, 1, 2)


def clips_of(seed):
    """Seed 0 has three clips of each person, the others one."""
    return [(f"p{p}_{c}", f"p{p}") for p in range(PEOPLE) for c in range(3 if seed == 0 else 1)]


def noise(*key):
    return float(np.random.default_rng(crc32(repr(key).encode())).normal())


def value(arm, seed, clip, person, effects):
    """Persons differ far more than arms, a training moves all of its clips, and arms share the draws of a seed."""
    shared = 10 + 2 * noise(person) + 0.3 * noise(clip, seed)
    return shared + 0.05 * noise(arm, seed) + 0.02 * noise(arm, seed, clip) + effects.get(arm, 0)


@pytest.fixture
def study_rows(make_row):
    def made(effects=None, metrics=METRICS, seeds=SEEDS):
        lines = [
            make_row(arm, clip, each.key, value(arm, seed, clip, person, (effects or {}).get(each.key, {})))
            | {"identity": person, "seed": seed}
            for each in metrics
            for arm in LABELS
            for seed in seeds
            for clip, person in clips_of(seed)
        ]
        still = [
            make_row(name, clip, each.key, 5.0 + 0.1 * noise(clip)) | {"identity": person}
            for each in metrics
            for name in ("still_frame", "ground_truth")
            for clip, person in clips_of(0)
        ]
        return pd.DataFrame(lines), pd.DataFrame(still)

    return made


def table_of(rows, arm, key, clips=None):
    part = rows[(rows["method"] == arm) & (rows["metric"] == key)]
    part = part[part["clip"].isin(clips or [clip for clip, _ in clips_of(1)])]
    return part.pivot_table(index="seed", columns="identity", values="value").to_numpy(float)


def test_clips_are_those_of_every_seed_and_pairs_are_seed_by_seed(study_rows):
    rows, still = study_rows()
    found = ablation(rows, still, METRICS, STUDY)
    cell, column = found.cells["base", "up"], found.columns[0]
    assert (column.clips, column.asked, column.seeds) == (PEOPLE, PEOPLE, SEEDS)
    assert cell.level.mean == pytest.approx(table_of(rows, "base", "up").mean())
    assert cell.by_seed == pytest.approx(tuple(table_of(rows, "base", "up").mean(axis=1)))
    paired = table_of(rows, "base", "up") - table_of(rows, "full", "up")
    assert cell.difference == crossed_mean(paired)
    unpaired = crossed_mean(table_of(rows, "base", "up") - table_of(rows, "full", "up")[:, ::-1])
    assert unpaired.half > 3 * cell.difference.half  # the mistake: persons of one arm against others of the other
    everything = rows[(rows["method"] == "base") & (rows["metric"] == "up")]["value"].mean()
    assert cell.level.mean != pytest.approx(everything)  # the mistake: seed 0 counts more often than the others


def test_persons_weigh_alike_however_many_clips_they_have(study_rows):
    rows, still = study_rows(seeds=(0, 0))
    rows = rows.drop_duplicates(["method", "clip", "metric"])
    rows = rows[~rows["clip"].isin(["p0_1", "p0_2"])]
    cell = ablation(rows, still, METRICS, STUDY).cells["full", "up"]
    part = rows[(rows["method"] == "full") & (rows["metric"] == "up")]
    assert cell.level.mean == pytest.approx(part.groupby("identity")["value"].mean().mean())
    assert cell.level.mean != pytest.approx(part["value"].mean())


def test_verdicts_follow_the_direction_of_the_metric(study_rows):
    found = ablation(*study_rows({"up": {"mid": 3.0, "base": -3.0}, "down": {"mid": 3.0}}), METRICS, STUDY)
    verdicts = {key: cell.verdict for key, cell in found.cells.items()}
    assert verdicts["mid", "up"] == "better"
    assert verdicts["mid", "down"] == "worse"
    assert verdicts["base", "up"] == "worse"
    assert verdicts["base", "down"] == "within noise"
    assert verdicts["full", "up"] == ""
    assert found.cells["full", "up"].difference is None


def test_holm_takes_back_what_its_own_interval_alone_would_grant(study_rows):
    rows, still = study_rows()
    metrics = [MetricInfo(f"m{k}", f"M{k}", "", "higher", 2) for k in range(6)]
    rows = pd.concat([rows[rows["metric"] == "up"].assign(metric=each.key, signature=each.key) for each in metrics])
    still = pd.concat([still[still["metric"] == "up"].assign(metric=each.key, signature=each.key) for each in metrics])
    paired = table_of(rows, "mid", "m0") - table_of(rows, "full", "m0")
    wanted = 1.2 * crossed_mean(paired).half - paired.mean()  # just outside of its interval, under one metric only
    rows.loc[(rows["method"] == "mid") & (rows["metric"] == "m0"), "value"] += wanted
    found = ablation(rows, still, metrics, STUDY)
    cell = found.cells["mid", "m0"]
    assert cell.difference.low > 0
    assert cell.difference.p < 0.05 < holm([found.cells["mid", each.key].difference.p for each in metrics])[0]
    assert cell.verdict == "within noise"


def test_the_still_frame_is_beaten_on_the_good_side_only(study_rows):
    found = ablation(*study_rows(), METRICS, STUDY)
    assert found.cells["full", "up"].beats_still is True
    assert found.cells["full", "down"].beats_still is False
    assert found.columns[0].still.over == "identities"
    alone = ablation(*[each.iloc[:0] if k else each for k, each in enumerate(study_rows())], METRICS, STUDY)
    assert alone.cells["full", "up"].beats_still is None
    assert "not compared, for want of values" in findings(alone)[-1]


def test_intervals_that_touch_do_not_beat_the_still_frame(study_rows):
    rows, still = study_rows()
    found = ablation(rows, still, METRICS, STUDY)
    gap = found.cells["full", "up"].level.low - found.columns[0].still.high
    for shift, beaten in ((gap - 0.01, True), (gap + 0.01, False)):
        moved = still.assign(value=still["value"] + shift)
        assert ablation(rows, moved, METRICS, STUDY).cells["full", "up"].beats_still is beaten


def test_an_arm_without_values_empties_nothing_and_says_why(study_rows):
    rows, still = study_rows()
    lost = (rows["method"] == "mid") & (rows["metric"] == "up")
    rows.loc[lost, ["value", "reason", "frames_used"]] = [math.nan, "no face", 0]
    found = ablation(rows, still, METRICS, STUDY)
    assert found.cells["mid", "up"].reason == "no face"
    assert found.cells["base", "up"].level is not None
    assert found.scored["mid"] == (0, 5 * PEOPLE, 5 * PEOPLE)
    text = ablation_markdown(found, SETTING)
    assert "Mid, Up: no face." in text
    assert "| 0-40/40 |" in text
    assert "Not compared: Up." in text


def test_a_clip_lost_by_one_arm_is_left_out_for_all(study_rows):
    rows, still = study_rows()
    lost = (rows["method"] == "mid") & (rows["seed"] == 2) & (rows["clip"] == "p3_0") & (rows["metric"] == "up")
    rows.loc[lost, ["value", "reason", "frames_used"]] = [math.nan, "no face", 0]
    found = ablation(rows, still, METRICS, STUDY)
    kept = [clip for clip, _ in clips_of(1) if clip != "p3_0"]
    assert (found.columns[0].clips, found.columns[0].asked) == (PEOPLE - 1, PEOPLE)
    assert found.cells["full", "up"].level.mean == pytest.approx(table_of(rows, "full", "up", kept).mean())
    assert found.columns[1].clips == PEOPLE


def test_a_seed_lost_by_one_arm_is_left_out_for_all(study_rows):
    rows, still = study_rows()
    lost = (rows["method"] == "mid") & (rows["seed"] == 1)
    rows.loc[lost, ["value", "reason", "frames_used"]] = [math.nan, "training diverged", 0]
    found = ablation(rows, still, METRICS, STUDY)
    assert found.columns[0].seeds == (0, 2)
    assert "seeds 0, 2" in ablation_markdown(found, SETTING)


def test_what_is_best_at_zero_is_compared_by_its_distance_from_it(study_rows):
    rows, still = study_rows(metrics=[OFFSET])
    signs = np.where(rows["identity"].isin(["p0", "p2", "p4", "p6"]), 1.0, -1.0)
    rows["value"] = np.where(rows["method"] == "mid", 4.0 * signs, 1.0) + 0.01 * rows["value"]
    found = ablation(rows, still, [OFFSET], STUDY)
    assert found.columns[0].metric.label == "|Offset|"
    assert found.cells["mid", "offset"].level.mean == pytest.approx(4.0, abs=0.2)  # the signed mean is near 0
    assert found.cells["mid", "offset"].verdict == "worse"


def test_the_null_check_passes_and_fails_in_words(study_rows):
    assert "Null check: passed. The interval of Null minus Base includes 0 on all 2 metrics" in said(study_rows())
    rows, still = study_rows()
    null, base = rows["method"] == "null", rows["method"] == "base"
    rows.loc[null, "value"] = rows.loc[base, "value"].to_numpy()
    assert "Null check: passed. Null minus Base is exactly 0 on all 2 metrics." in said((rows, still))
    failed = said(study_rows({"up": {"null": 2.0}}))
    assert "Null check: failed. Null minus Base must be 0 and is not on Up (+" in failed
    assert "after Holm's correction on Up." in failed
    found = ablation(*study_rows({"up": {"null": 2.0}}), METRICS, STUDY)
    assert "not 0" in difference_table(found, SETTING).lines[0].cells[0].number
    without = ablation(*study_rows(), METRICS, Study(LABELS, "full", "", ""))
    assert "Null check: not made" in findings(without)[0]


def said(made):
    return "\n".join(findings(ablation(*made, METRICS, STUDY)))


def test_arms_are_described_by_their_verdicts(study_rows):
    text = said(study_rows({"up": {"base": -1.0}, "down": {"mid": -3.0}}))
    assert "Arm Base: worse than Full on Up (-" in text
    assert "within noise on Down." in text
    assert "Arm Mid: better than Full on Down (-" in text
    assert "Arm Null: no difference to Full beyond noise on any of 2 metrics." in text
    assert "Arm Full" not in text
    assert "Still frame against all arms: beaten on Up, intervals apart, but not on Down." in text


def test_one_seed_is_marked_everywhere(study_rows):
    found = ablation(*study_rows(seeds=(0,)), METRICS, STUDY)
    assert findings(found)[0].startswith("One seed: ")
    cells = [cell.number for table in (level_table, difference_table) for cell in table(found, SETTING).lines[1].cells]
    assert all(number.split(" worse")[0].endswith("°") for number in cells)
    three = level_table(ablation(*study_rows(), METRICS, STUDY), SETTING)
    assert three.lines[0].cells[0].number.endswith("°")  # the still frame has no seeds
    assert not any("°" in cell.number for cell in three.lines[1].cells)


def test_tables_show_means_and_differences_in_both_formats(study_rows):
    found = ablation(*study_rows({"up": {"mid": 3.0}}), METRICS, STUDY)
    levels, differences = level_table(found, SETTING), difference_table(found, SETTING)
    assert [line.label for line in levels.lines] == ["Still frame", *LABELS.values()]
    assert [line.label for line in differences.lines] == ["Null minus Base", "Base", "Mid", "Null"]
    cell = found.cells["mid", "up"]
    assert levels.lines[2].cells[0].number == f"{cell.level.mean:.2f} ± {cell.level.half:.2f}"
    assert differences.lines[2].cells[0].mark == "best"
    assert f"**+{cell.difference.mean:.3f} ± {cell.difference.half:.3f}**" in ablation_markdown(found, SETTING)
    assert rf"\textbf{{+{cell.difference.mean:.3f}" in to_latex(differences)
    assert "8 clips of 8 persons, of 8 with rows everywhere; seeds 0, 1, 2." in ablation_markdown(found, SETTING)


def test_the_csv_has_every_arm_and_metric(study_rows):
    found = ablation(*study_rows(), METRICS, STUDY)
    frame = ablation_frame(found)
    assert len(frame) == 8
    line = frame[(frame["arm"] == "mid") & (frame["metric"] == "up")].iloc[0]
    assert line["difference_low"] == found.cells["mid", "up"].difference.low
    assert (line["seeds"], line["clips"], line["over"]) == (3, 8, "seeds and identities")


def test_the_order_of_the_rows_moves_nothing(study_rows):
    rows, still = study_rows()
    mixed = rows.sample(frac=1, random_state=3), still.sample(frac=1, random_state=4)
    assert ablation_frame(ablation(*mixed, METRICS, STUDY)).equals(
        ablation_frame(ablation(rows, still, METRICS, STUDY))
    )


def test_rows_that_do_not_fit_are_refused(study_rows):
    rows, still = study_rows()
    with pytest.raises(ValueError, match=r"method without rows \['mid'\]"):
        ablation(rows[rows["method"] != "mid"], still, METRICS, STUDY)
    with pytest.raises(ValueError, match="unknown"):
        ablation(rows.replace({"method": {"mid": "odd"}}), still, METRICS, STUDY)
    with pytest.raises(ValueError, match="metric without rows"):
        ablation(rows, still, [*METRICS, OFFSET], STUDY)
    with pytest.raises(ValueError, match="twice"):
        ablation(pd.concat([rows, rows.iloc[:1]]), still, METRICS, STUDY)
    with pytest.raises(ValueError, match="several data sets"):
        ablation(rows, still.assign(dataset="other"), METRICS, STUDY)
    with pytest.raises(ValueError, match="no seed"):
        ablation(rows.assign(seed=math.nan), still, METRICS, STUDY)
    with pytest.raises(ValueError, match="several identities"):
        ablation(rows.assign(identity=rows["method"]), still, METRICS, STUDY)
    with pytest.raises(ValueError, match="several signatures"):
        ablation(rows, still.assign(signature="other"), METRICS, STUDY)
    with pytest.raises(ValueError, match="full arm 'gone'"):
        Study(LABELS, "gone", "", "")
