"""A gate's verdict, and differences between two folders of results, for people and for machines."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reports.describe import MethodInfo, MetricInfo
from reports.gate import Compared, Verdict
from reports.markdown import escape, row
from reports.result_folder import Results

SHOWN = 50  # findings in the summary; the JSON has all


def gate_markdown(verdict: Verdict, baseline: Results) -> str:
    """Return a summary fit for a pull request: the answer, what is wrong, what became better, what was compared."""
    count, better = len(verdict.findings), [each for each in verdict.compared if each.verdict == "better"]
    head = "passes" if verdict.passes else f"fails: {count} finding{'s' if count > 1 else ''}"
    lines = [f"## Quality gate {head}", ""]
    if verdict.findings:
        lines += ["| What | Data set | Method | Metric | |", "| :-- | :-- | :-- | :-- | :-- |"]
        for each in verdict.findings[:SHOWN]:
            where = (each.dataset, _label(each.method, baseline.methods), _heading(each.metric, baseline.metrics))
            lines.append(row([f"**{each.kind}**", *map(escape, where), escape(each.text)]))
        if count > SHOWN:
            lines.append(f"\nand {count - SHOWN} more")
        lines.append("")
    if better:
        lines += ["<details><summary>Better beyond noise: " + f"{len(better)}</summary>", "", *_table(better, baseline)]
        lines += ["", "</details>", ""]
    lines.append(
        f"{len(verdict.compared)} comparisons, each of one method with itself before the change, paired on the clips "
        "that both have. Worse is what lies beyond its margin in the bad direction with 99 % certainty over people, "
        "after Holm over all comparisons."
    )
    return "\n".join(lines) + "\n"


def compare_markdown(verdict: Verdict, baseline: Results) -> str:
    """Return all differences, a table per data set, and what is on one side only."""
    parts = []
    for dataset in baseline.datasets:
        found = [each for each in verdict.compared if each.difference.dataset == dataset]
        parts += [f"## {escape(dataset)}", "", *_table(found, baseline), ""]
    others = [each for each in verdict.findings if each.kind != "worse"]
    if others:
        parts += ["## On one side only, or not comparable", ""]
        for each in others:
            where = " / ".join(name for name in (each.dataset, each.method, each.metric) if name)
            parts.append(f"- {escape(where)}: {each.kind}: {escape(each.text)}")
        parts.append("")
    return "\n".join(parts)


def gate_json(verdict: Verdict) -> str:
    """Return the verdict as JSON: ``passes``, ``findings``, ``compared``; a number that is not finite is null."""
    found = {
        "passes": verdict.passes,
        "findings": [asdict(each) for each in verdict.findings],
        "compared": [asdict(each) for each in verdict.compared],
    }
    return json.dumps(_finite(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _table(compared: Sequence[Compared], baseline: Results) -> list[str]:
    infos = {info.key: info for info in baseline.metrics}
    lines = [
        "| Method | Metric | Difference | 95 % interval | p (Holm) | Clips | |",
        "| :-- | :-- | --: | :-- | --: | --: | :-- |",
    ]
    for each in compared:
        found, info = each.difference, infos[each.difference.metric]
        digits = info.decimals + 1
        interval = f"[{found.low:+.{digits}f}, {found.high:+.{digits}f}]" if math.isfinite(found.low) else ""
        cells = [
            escape(_label(found.method, baseline.methods)),
            f"{escape(info.heading)} {info.arrow}",
            f"{found.difference:+.{digits}f}",
            interval,
            f"{each.p:.3f}",
            str(found.clips),
            each.verdict,
        ]
        lines.append(row(cells))
    return lines


def _label(method: str, methods: Mapping[str, MethodInfo]) -> str:
    return methods[method].label if method in methods else method


def _heading(metric: str, metrics: Sequence[MetricInfo]) -> str:
    return next((info.heading for info in metrics if info.key == metric), metric)


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
