"""The table of temporal correlation metrics."""

from reports.correlation import correlation_table

FIGURES = {
    "released_auc": 0.7,
    "shuffled_auc": 0.5,
    "audio_auc": 0.8,
    "audio_auc_faster": 0.85,
    "lag_found": 1.0,
    "clips": 63,
}


def test_trained_and_random_encoders_stand_together() -> None:
    floor = {**dict.fromkeys(FIGURES, 0.5), "clips": 63}
    text = correlation_table([{"label": "A | B", "reason": "", "trained": FIGURES, "random": floor}])
    lines = text.splitlines()
    assert lines[2] == "| A \\| B | trained | 0.700 | 0.500 | 0.800 | 0.850 | 1.000 | 63 |"
    assert lines[3] == "| A \\| B | random | 0.500 | 0.500 | 0.500 | 0.500 | 0.500 | 63 |"
    assert "without listening" in text


def test_a_metric_without_figures_has_its_reason_and_no_empty_table() -> None:
    assert correlation_table([{"label": "A", "reason": "no train clip"}]) == "- A: no train clip.\n"
