"""Draws the pictures of docs/*/fusion.md: `python docs/pictures/fusion.py [FOLDER]`.

Symbols in the place of words, so that one picture serves every language.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

# Colours that colour-blind people tell apart (Okabe & Ito 2008).
ONE, TWO, BOTH, GREY = "#0072B2", "#E69F00", "#009E73", "#666666"


def box(
    ax: Axes, x: float, y: float, text: str, colour: str = GREY, wide: float = 1.0, high: float = 0.6
) -> None:
    """A rounded box with its centre at (x, y)."""
    ax.add_patch(
        FancyBboxPatch(
            (x - wide / 2, y - high / 2), wide, high, boxstyle="round,pad=0.02,rounding_size=0.1",
            facecolor="white", edgecolor=colour, linewidth=1.6,
        )
    )  # fmt: skip
    ax.text(x, y, text, ha="center", va="center", fontsize=11)


def arrow(
    ax: Axes, x: float, y: float, to_x: float, to_y: float, wide: float = 1.2, colour: str = GREY
) -> None:
    ax.annotate(
        "", (to_x, to_y), (x, y),
        arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": wide, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


def row(
    ax: Axes, x: float, y: float, count: int, colour: str, gap: float = 0.42, size: float = 0.34
) -> list[float]:
    """Squares in a row from x on; returns their middles."""
    for i in range(count):
        ax.add_patch(Rectangle((x + i * gap, y - size / 2), size, size, facecolor=colour, edgecolor="white"))
    return [x + i * gap + size / 2 for i in range(count)]


def early(ax: Axes) -> None:
    ax.text(-0.1, 1.5, "$x_1$", ha="right", va="center")
    ax.text(-0.1, 0.4, "$x_2$", ha="right", va="center")
    row(ax, 0, 1.5, 4, ONE, 0.9, 0.5)
    row(ax, 0, 0.4, 13, TWO, 0.27, 0.22)
    arrow(ax, 3.8, 1.5, 4.7, 1.15)
    arrow(ax, 3.8, 0.4, 4.7, 0.8)
    for i in range(6):
        for level, colour in enumerate((TWO, ONE)):
            ax.add_patch(
                Rectangle((4.9 + i * 0.42, 0.8 + level * 0.2), 0.36, 0.2, facecolor=colour, edgecolor="white")
            )
        ax.plot([5.08 + i * 0.42] * 2, [0.45, 0.6], color=GREY, linewidth=1)
    ax.plot([4.9, 7.4], [0.45, 0.45], color=GREY, linewidth=1)
    ax.text(7.5, 0.42, "$t$", va="center")
    arrow(ax, 7.5, 1.0, 8.2, 1.0)
    box(ax, 8.9, 1.0, "$E$", BOTH, 1.1, 0.9)
    arrow(ax, 9.5, 1.0, 10.2, 1.0)
    ax.text(10.3, 1.0, "$y$", va="center")


def joins(ax: Axes) -> None:
    row(ax, 0, 1.6, 3, ONE)
    row(ax, 0, 0.5, 4, TWO)
    arrow(ax, 1.3, 1.45, 1.75, 1.15)
    arrow(ax, 1.5, 0.75, 1.75, 0.95)
    row(ax, 1.85, 1.05, 3, ONE, 0.22, 0.2)
    row(ax, 2.51, 1.05, 4, TWO, 0.22, 0.2)
    for level, colour in enumerate((TWO, ONE)):
        ax.add_patch(Rectangle((4.1, 0.55 + level * 0.5), 0.36, 0.5, facecolor=colour, edgecolor="white"))
    arrow(ax, 4.55, 1.05, 4.95, 1.05)
    box(ax, 5.3, 1.05, "$W$", BOTH, 0.7)
    arrow(ax, 5.7, 1.05, 6.2, 1.05)
    ax.text(6.3, 1.05, "$y$", va="center")
    for y, colour, name, other in ((1.7, ONE, "$h_1$", "$z_1$"), (0.4, TWO, "$h_2$", "$z_2$")):
        ax.add_patch(Rectangle((7.2, y - 0.25), 0.36, 0.5, facecolor=colour, edgecolor="white"))
        arrow(ax, 7.65, y, 8.1, y)
        box(ax, 8.55, y, name + r"$\odot$" + other, colour, 0.9, 0.55)
        arrow(ax, 9.05, y, 9.75, 1.05 + (0.15 if y > 1 else -0.15))
    box(ax, 10.0, 1.05, "+", BOTH, 0.4, 0.4)
    arrow(ax, 10.25, 1.05, 10.65, 1.05)
    ax.text(10.7, 1.05, "$y$", va="center")


def grid(ax: Axes, x: float, y: float, shades: np.ndarray, size: float = 0.24) -> None:
    count = len(shades)
    for i in range(count):
        ax.add_patch(Rectangle((x - size - 0.06, y - i * size), size, size, facecolor=ONE, edgecolor="white"))
        ax.add_patch(Rectangle((x + i * size, y + size + 0.06), size, size, facecolor=TWO, edgecolor="white"))
        for j in range(count):
            ax.add_patch(
                Rectangle(
                    (x + j * size, y - i * size),
                    size,
                    size,
                    facecolor=BOTH,
                    alpha=float(shades[i, j]),
                    edgecolor="white",
                )
            )


def products(ax: Axes) -> None:
    rng = np.random.default_rng(1)
    grid(ax, 0.5, 1.3, rng.uniform(0.25, 1.0, (6, 6)))
    ax.text(1.2, -0.25, r"$x_1\otimes x_2$", ha="center", va="center")
    blocks = np.kron(np.eye(3), np.ones((2, 2))) * rng.uniform(0.4, 1.0, (6, 6))
    grid(ax, 3.1, 1.3, blocks)
    ax.text(3.8, -0.25, r"$C$", ha="center", va="center")
    for y, colour, name in ((1.6, ONE, "$U_1x_1$"), (0.5, TWO, "$U_2x_2$")):
        box(ax, 5.6, y, name, colour, 1.1, 0.55)
        arrow(ax, 6.2, y, 6.65, 1.05 + (0.12 if y > 1 else -0.12))
    box(ax, 6.9, 1.05, r"$\odot$", BOTH, 0.4, 0.4)
    ax.text(6.2, -0.25, r"$\sum_r$", ha="center", va="center")
    for y, colour, name in ((1.6, ONE, r"$\mathcal{F}(\Psi x_1)$"), (0.5, TWO, r"$\mathcal{F}(\Psi x_2)$")):
        box(ax, 8.5, y, name, colour, 1.5, 0.55)
        arrow(ax, 9.3, y, 9.65, 1.05 + (0.12 if y > 1 else -0.12))
    box(ax, 9.9, 1.05, r"$\odot$", BOTH, 0.4, 0.4)
    arrow(ax, 10.15, 1.05, 10.4, 1.05)
    box(ax, 10.9, 1.05, r"$\mathcal{F}^{-1}$", BOTH, 0.9, 0.55)


def attention(ax: Axes) -> None:
    top = row(ax, 1.0, 1.7, 4, ONE, 1.0)
    below = row(ax, 0.0, 0.3, 7, TWO, 0.85)
    weights = np.exp(-0.5 * ((np.arange(7) - 3.4) / 0.9) ** 2)
    for x, w in zip(below, weights / weights.sum(), strict=True):
        arrow(ax, x, 0.5, top[2], 1.5, 0.4 + 7 * w, TWO)
    ax.text(top[2] + 0.35, 1.7, "$x_t$", va="center")
    ax.text(4.6, 0.95, r"$\alpha_{ts}$", va="center")
    grid_left = 7.6
    table = np.exp(-0.5 * ((np.arange(6)[:, None] - np.arange(6)[None]) / 1.1) ** 2)
    grid(ax, grid_left, 1.3, 0.15 + 0.85 * table)
    arrow(ax, grid_left + 1.6, 1.0, grid_left + 2.2, 1.0, colour=ONE)
    arrow(ax, grid_left + 0.7, -0.05, grid_left + 0.7, -0.45, colour=TWO)
    ax.text(grid_left + 2.3, 1.0, "softmax", va="center", fontsize=9, color=ONE)
    ax.text(grid_left + 0.85, -0.35, "softmax", va="center", fontsize=9, color=TWO)


def hierarchical(ax: Axes) -> None:
    for y, colour, name, beta in ((1.75, ONE, "$c_1$", r"$\beta_1$"), (0.25, TWO, "$c_2$", r"$\beta_2$")):
        middles = row(ax, 0.0, y, 6, colour, 0.62)
        weights = np.exp(-0.5 * ((np.arange(6) - (1.5 if y > 1 else 3.6)) / 0.8) ** 2)
        for x, w in zip(middles, weights / weights.sum(), strict=True):
            ax.plot(
                [x, 4.9],
                [y, y + (0.4 if y > 1 else -0.4)],
                color=colour,
                linewidth=0.3 + 5 * w,
                alpha=0.5,
                zorder=0,
            )
        box(ax, 5.4, y + (0.4 if y > 1 else -0.4), name, colour, 0.8, 0.5)
        arrow(
            ax,
            5.85,
            y + (0.35 if y > 1 else -0.35),
            7.0,
            1.0 + (0.15 if y > 1 else -0.15),
            3.2 if y > 1 else 1.0,
            colour,
        )
        ax.text(6.5, 1.95 if y > 1 else 0.05, beta, ha="center", va="center")
    ax.text(4.4, 1.35, r"$\alpha$", ha="center", va="center")
    box(ax, 7.3, 1.0, "+", BOTH, 0.5, 0.5)
    arrow(ax, 7.6, 1.0, 8.3, 1.0)
    box(ax, 8.9, 1.0, "$s_{n}$", BOTH, 1.0, 0.7)
    arrow(ax, 9.45, 1.0, 10.1, 1.0)
    ax.text(10.2, 1.0, "$w_n$", va="center")


def transformers(ax: Axes) -> None:
    one, two = row(ax, 0.0, 1.7, 3, ONE, 0.6), row(ax, 1.9, 1.7, 3, TWO, 0.6)
    low_one, low_two = row(ax, 0.0, 0.3, 3, ONE, 0.6), row(ax, 1.9, 0.3, 3, TWO, 0.6)
    for a in low_one + low_two:
        for b in one + two:
            ax.plot([a, b], [0.5, 1.5], color=GREY, linewidth=0.5)
    for y, colour in ((1.7, ONE), (0.3, TWO)):
        row(ax, 4.7, y, 4, colour, 0.6)
    arrow(ax, 5.4, 0.55, 5.4, 1.45, 2.0, TWO)
    arrow(ax, 6.1, 1.45, 6.1, 0.55, 2.0, ONE)
    ones, twos = row(ax, 8.0, 1.75, 5, ONE, 0.6), row(ax, 8.0, 0.25, 5, TWO, 0.6)
    tokens = row(ax, 9.05, 1.0, 2, BOTH, 0.6)
    for f in tokens:
        for x in ones:
            ax.plot([f, x], [1.18, 1.57], color=ONE, linewidth=0.7)
        for x in twos:
            ax.plot([f, x], [0.82, 0.43], color=TWO, linewidth=0.7)
    ax.text(10.3, 1.0, "$f$", va="center")


def decisions(ax: Axes) -> None:
    rng = np.random.default_rng(3)
    for y, colour, name, model in ((1.55, ONE, "$x_1$", "$M_1$"), (0.25, TWO, "$x_2$", "$M_2$")):
        ax.text(0.0, y, name, va="center")
        arrow(ax, 0.45, y, 1.0, y)
        box(ax, 1.6, y, model, colour, 1.0, 0.6)
        arrow(ax, 2.15, y, 2.8, y)
        for i, high in enumerate(rng.dirichlet(np.ones(4))):
            ax.add_patch(Rectangle((2.95 + i * 0.3, y - 0.35), 0.24, 0.75 * high + 0.03, facecolor=colour))
        arrow(ax, 4.3, y, 5.2, 0.9 + (0.12 if y > 1 else -0.12))
    box(ax, 5.9, 0.9, r"$\sum w_i p_i$", BOTH, 1.3, 0.6)
    arrow(ax, 6.6, 0.9, 7.2, 0.9)
    for i, high in enumerate((0.1, 0.7, 0.12, 0.08)):
        ax.add_patch(Rectangle((7.35 + i * 0.3, 0.55), 0.24, 0.85 * high + 0.03, facecolor=BOTH))
    ax.text(8.75, 0.9, "$p$", va="center")


def experts(ax: Axes) -> None:
    z = np.linspace(-4, 5, 300)
    curves = ((-1.0, 1.6, ONE, r"$\mu_1,\pi_1$"), (2.0, 0.8, TWO, r"$\mu_2,\pi_2$"))
    precision = 1.0 + sum(s**-2 for _, s, _, _ in curves)
    mean = sum(m * s**-2 for m, s, _, _ in curves) / precision
    for m, s, colour, name in (*curves, (mean, precision**-0.5, BOTH, "$y$")):
        ax.plot(
            2.6 + z * 0.55,
            0.1 + 2.3 * np.exp(-0.5 * ((z - m) / s) ** 2) / (s * 2.5),
            color=colour,
            linewidth=1.8,
        )
        ax.text(2.6 + m * 0.55, 0.25 + 2.3 / (s * 2.5), name, ha="center", color=colour, fontsize=10)
    for y, colour, name, gate in ((1.6, ONE, "$E_1(x_1)$", "$g_1$"), (0.3, TWO, "$E_2(x_2)$", "$g_2$")):
        box(ax, 7.0, y, name, colour, 1.4, 0.6)
        arrow(ax, 7.75, y, 9.0, 0.95 + (0.12 if y > 1 else -0.12), 3.0 if y > 1 else 1.0, colour)
        ax.text(8.4, 1.6 if y > 1 else 0.3, gate, ha="center", va="center")
    box(ax, 9.3, 0.95, "+", BOTH, 0.5, 0.5)
    arrow(ax, 9.6, 0.95, 10.1, 0.95)
    ax.text(10.2, 0.95, "$y$", va="center")


PICTURES: dict[str, Callable[[Axes], None]] = {
    "early": early,
    "joins": joins,
    "products": products,
    "attention": attention,
    "hierarchical": hierarchical,
    "transformers": transformers,
    "experts": experts,
    "decisions": decisions,
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    suffix = sys.argv[2] if len(sys.argv) > 2 else "svg"
    plt.rcParams.update({"svg.hashsalt": "zimu", "font.size": 12, "mathtext.fontset": "cm"})
    for name, draw in PICTURES.items():
        figure, ax = plt.subplots(figsize=(8, 2.1))
        draw(ax)
        ax.set_xlim(-0.6, 11.6)
        ax.set_ylim(-0.6, 2.5)
        ax.axis("off")
        figure.savefig(
            folder / f"fusion_{name}.{suffix}", bbox_inches="tight", pad_inches=0.05, dpi=80,
            metadata={"Date": None} if suffix == "svg" else None,
        )  # fmt: skip
        plt.close(figure)


if __name__ == "__main__":
    main()
