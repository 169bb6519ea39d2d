"""Training curves as an image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["draw_curves"]

# CIDEr-D goes to ten and the others to one: on one axis the latter would lie flat.
_PANELS = (
    ("nats a token of the references", ("nll",)),
    ("CIDEr-D", ("cider_d",)),
    ("share", ("bleu_4", "wer", "distinct")),
)
_STYLES = ("-", "--", ":", "-.")


def draw_curves(history: Sequence[dict[str, float]], path: Path) -> None:
    """Draw loss and validation scores over the epochs.

    Args:
        history: One row of numbers an epoch, as `history.csv` has them.
        path: A PNG file.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(k for row in history for k in row))
    learnt = [n for n in names if n in ("loss", "reward")]
    panels = [("training " + ", then ".join(learnt or ["loss"]), learnt)]
    for title, metrics in _PANELS:
        if found := [n for n in names if n.rpartition("_")[0] in metrics]:
            panels.append((f"validation, {title}", found))
    figure, axes = pyplot.subplots(
        1, len(panels), figsize=(4.5 * len(panels), 4.6), layout="constrained", squeeze=False
    )
    for axis, (title, shown) in zip(axes[0], panels, strict=True):
        _draw_panel(axis, history, title, shown)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def _draw_panel(axis: Any, history: Sequence[dict[str, float]], title: str, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        rows = [r for r in history if name in r]
        style = _STYLES[number % len(_STYLES)]
        axis.plot([r["epoch"] for r in rows], [r[name] for r in rows], style, marker=".", label=name)
    axis.set(xlabel="epoch", ylabel=title)
    if names:
        # Below the axes: six lines leave no room that stays free from run to run.
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)
