"""What was measured, as a table, as JSON and as a plot."""

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from matplotlib.figure import Figure

from bench.rows import Row

FLOOR = "parse"
COLUMNS = ("model", "bytes", FLOOR, "famulus", "fleet", "fleet of 2")
COLORS = {
    "model": "#b8b8b8",
    "bytes": "#8fa9c4",
    FLOOR: "#4f7cac",
    "famulus": "#d1603d",
    "fleet": "#8c5e9e",
    "fleet of 2": "#5e4b8b",
}


def ratio(row: Row) -> float | None:
    """Famulus by the floor that parses; nothing where that would say nothing."""
    floor, famulus = row.values.get(FLOOR), row.values.get("famulus")
    return famulus / floor if row.comparable and floor and famulus is not None else None


def heading() -> str:
    cells = [f"{'':42}", f"{'':4}", *(f"{name:>11}" for name in COLUMNS), f"{'by ' + FLOOR:>9}"]
    return "".join(cells)


def line(row: Row) -> str:
    cells = [f"{row.name:42}", f"{row.unit:4}"]
    cells += [f"{number(row.values.get(name)):>11}" for name in COLUMNS]
    by_floor = ratio(row)
    cells.append(f"{number(by_floor):>9}")
    return "".join(cells) + ("  (more is better)" if row.more_is_better else "")


def number(value: float | None) -> str:
    if value is None:
        return "·"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def save(rows: list[Row], path: Path, *, quick: bool) -> None:
    report = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "rows": [{**asdict(row), "ratio": ratio(row)} for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")


def plot(rows: list[Row], path: Path) -> None:
    """CPU per token, and the lag of tokens: the two that people feel and pay for."""
    panels = {
        "server CPU per token, µs": [row for row in rows if row.name.startswith("CPU per token,")],
        "lag of a token, ms": [row for row in rows if row.name.startswith("lag of a token")],
    }
    shown = {title: chosen for title, chosen in panels.items() if chosen}
    if not shown:
        return
    figure = Figure(figsize=(5 * len(shown), 3.4), layout="constrained")
    for axes, (title, chosen) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True):
        names = [name for name in COLUMNS if any(name in row.values for row in chosen)]
        height = 0.8 / len(names)
        for offset, name in enumerate(names):
            places = [index + (offset + 0.5) * height - 0.4 for index in range(len(chosen))]
            bars = axes.barh(
                places, [row.values.get(name, 0) for row in chosen], height, label=name, color=COLORS[name]
            )
            labels = [number(row.values[name]) if name in row.values else "" for row in chosen]
            axes.bar_label(bars, labels, padding=2, fontsize=7)
        axes.set_yticks(range(len(chosen)), [row.name.split(", ", 1)[-1] for row in chosen])
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_title(title, fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.legend(fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
