"""Training curves as an image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["draw_curves"]

_SHOWN = ("cider_d", "bleu_4", "wer", "distinct")


def draw_curves(history: Sequence[dict[str, float]], path: Path) -> None:
    """Draw loss and validation scores over the epochs.

    Args:
        history: One row of numbers an epoch, as `history.csv` has them.
        path: A PNG file.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [k for k in dict.fromkeys(k for row in history for k in row) if k.rpartition("_")[0] in _SHOWN]
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name in ("loss", "reward"):
        if rows := [r for r in history if name in r]:
            axes[0].plot([r["epoch"] for r in rows], [r[name] for r in rows], marker=".", label=name)
    axes[0].set(xlabel="epoch", ylabel="training loss, then reward")
    axes[0].legend()
    for number, name in enumerate(names):
        rows = [r for r in history if name in r]
        style = ("-", "--", ":", "-.")[number % 4]
        axes[1].plot([r["epoch"] for r in rows], [r[name] for r in rows], style, marker=".", label=name)
    axes[1].set(xlabel="epoch", ylabel="score on the validation part")
    if names:
        axes[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))  # beside the lines, not on them
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
