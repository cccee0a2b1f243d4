"""Printed numbers beside ours: which methods are taken for the same."""

import pandas as pd

from reports.describe import MethodInfo
from reports.published import PUBLISHED, read_published
from stages.report_published import published_names, write_published


def info(label):
    return MethodInfo(label, "own pose", "native")


def test_names_are_matched_by_letters_and_never_guessed():
    methods = {"sadtalker_upstream": info("Mine"), "other": info("Echo-Mimic"), "ground_truth": info("Truth")}
    methods |= {"wav2lip_video": info("W"), "wav2lip_still": info("Wav2Lip on a still"), "tavce_plus": info("TAVCE+")}
    found = published_names(methods, set(read_published(PUBLISHED)["method"]))
    assert found == {
        "sadtalker_upstream": "SadTalker", "other": "EchoMimic", "ground_truth": "Real", "wav2lip_video": "Wav2Lip",
    }  # fmt: skip


def line(dataset, mean):
    plain = {"method": "sadtalker", "metric": "fid", "n_expected": 1, "n_scored": 1, "coverage": 1.0, "n_common": 1}
    rest = {"mean_all": mean, "n_identical": 0, "frames_lost": 0, "missing": "", "reason": "", "signature": "fid|v1"}
    return plain | rest | {"dataset": dataset, "mean": mean, "low": 19.0, "high": 21.0}


def test_a_gap_stands_beside_each_paper(tmp_path):
    block = write_published("hdtf", pd.DataFrame([line("hdtf", 20.0)]), {"sadtalker": info("SadTalker")}, tmp_path)
    assert "71.95" in block.text
    assert (tmp_path / "hdtf-published.csv").read_text().count("\n") > 5


def test_a_data_set_without_printed_numbers_says_so(tmp_path):
    block = write_published("talk", pd.DataFrame([line("talk", 20.0)]), {"sadtalker": info("SadTalker")}, tmp_path)
    assert "no published number" in block.text.lower()
    assert not list(tmp_path.iterdir())
