"""Figures of temporal correlation metrics -> one table, in which no figure stands without the one that checks it."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.markdown import escape, table

COLUMNS = {
    "released_auc": "released AUC ↑",
    "shuffled_auc": "the same, audio shuffled →.5",
    "audio_auc": "audio AUC ↑",
    "audio_auc_faster": "faster half ↑",
    "lag_found": "lag 0 found ↑",
}
NOTES = (
    "Released AUC: a moment's sound against the mouth's step to the next frame, and to a frame farther away. It can be "
    "had without listening, by telling short steps of the mouth from long ones; then shuffled audio gives the same.",
    "Audio AUC: the same step of the mouth with its own sound, and with the sound of other moments: one must listen.",
    "Lag 0 found: share of clips whose similarity is largest without a lag, among 31; chance is .03.",
    "Random: the encoders as training began with them.",
)


def correlation_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of one data set in Markdown, or the reason why a metric has no figures.

    Args:
        found: per metric its ``label``, ``reason`` ("" if it was trained), and the figures ``trained`` and ``random``
            (see `tavce.model.correlation.figures.CorrelationFigures`).
    """
    rows = [["Metric", "encoders", *COLUMNS.values(), "clips"], [":--", ":--", *["--:"] * (len(COLUMNS) + 1)]]
    reasons = []
    for metric in found:
        if metric["reason"]:
            reasons.append(f"{metric['label']}: {metric['reason']}.")
            continue
        for encoders in ("trained", "random"):
            figures = metric[encoders]
            values = [f"{figures[name]:.3f}" for name in COLUMNS]
            rows.append([escape(metric["label"]), encoders, *values, f"{figures['clips']}"])
    shown = f"{table(rows)}\n" if len(rows) > 2 else ""
    notes = [*reasons, *(NOTES if shown else ())]
    return shown + "".join(f"- {escape(note)}\n" for note in notes)
