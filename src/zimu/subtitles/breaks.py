"""Breaking a text into lines, and a long text into cues, at the cheapest gaps between its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from zimu.subtitles.phrases import FAULT, Piece, joined, pieces

__all__ = ["break_lines", "split_text"]

# Weights against the costs of gaps (14 for a break between any two words): a second line that is a third
# longer or shorter than the first is worth as much as a comma.
_BALANCE = 24.0
_TOP_HEAVY = 2.0
_NEW_CUE = 15.0
_FILL = 20.0


def break_lines(text: str, language: str, line_columns: int, lines: int) -> tuple[str, ...] | None:
    """Break a text into as few lines as hold it, balanced, the lower one rather the longer.

    Args:
        text: The text; its line ends count as blanks.
        language: "zh" or "en".
        line_columns: Columns a line.
        lines: Lines at most.

    Returns:
        The lines, or None where the text does not fit.
    """
    return _best_lines(_atoms(pieces(text, language), line_columns), line_columns, lines)


def split_text(
    text: str, language: str, line_columns: int, lines: int, room: float = float("inf")
) -> list[tuple[str, ...]]:
    """Split a text into cues at the ends of phrases, each broken into lines.

    A word wider than a line becomes a cue of its own.

    Args:
        text: The text; its line ends count as blanks.
        language: "zh" or "en".
        line_columns: Columns a line.
        lines: Lines a cue.
        room: Columns a cue at most, where its time allows no more.
    """
    row = _atoms(pieces(text, language), line_columns)
    if not row:
        return []
    total = _width(row)
    target = total / -(-total // min(room, line_columns * lines))
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * len(row)
    for start in range(len(row)):
        width = 0
        for end in range(start + 1, _reach(row, start, line_columns, lines, room) + 1):
            width += row[end - 1].columns + row[end - 1].has_blank
            cost = best[start][0] + _NEW_CUE + 2 * row[end - 1].cost + _FILL * (1 - width / target) ** 2
            if cost < best[end][0]:
                best[end] = (cost, start)
    edges = [len(row)]
    while edges[-1]:
        edges.append(best[edges[-1]][1])
    cues = [row[a:b] for a, b in pairwise(reversed(edges))]
    return [_best_lines(cue, line_columns, lines) or (joined(cue),) for cue in cues]


def _atoms(row: Sequence[Piece], line_columns: int) -> list[Piece]:
    """Put pieces together that must not be parted, as long as a line holds them."""
    out: list[Piece] = []
    for piece in row:
        if out and out[-1].cost >= FAULT:
            width = out[-1].columns + out[-1].has_blank + piece.columns
            if width <= line_columns:
                text = joined((out[-1], piece))
                out[-1] = Piece(text, piece.has_blank, piece.cost, width)
                continue
        out.append(piece)
    return out


def _width(row: Sequence[Piece]) -> int:
    """Return the columns of pieces on one line."""
    return sum(p.columns + p.has_blank for p in row) - row[-1].has_blank


def _best_lines(row: Sequence[Piece], line_columns: int, lines: int) -> tuple[str, ...] | None:
    for count in range(1, lines + 1):
        best: tuple[float, tuple[Sequence[Piece], ...]] | None = None
        for cuts in combinations(range(1, len(row)), count - 1):
            parts = tuple(row[a:b] for a, b in pairwise((0, *cuts, len(row))))
            widths = [_width(part) for part in parts]
            if max(widths) > line_columns:
                continue
            cost = sum(part[-1].cost for part in parts[:-1])
            cost += _BALANCE * ((max(widths) - min(widths)) / line_columns) ** 2
            cost += _TOP_HEAVY * sum(a > b for a, b in pairwise(widths))
            if best is None or cost < best[0]:
                best = (cost, parts)
        if best is not None:
            return tuple(joined(part) for part in best[1])
    return None


def _reach(row: Sequence[Piece], start: int, line_columns: int, lines: int, room: float) -> int:
    """Return how far pieces from `start` fill one cue when each line is filled as far as it goes."""
    used, line, total = 1, 0, 0
    for i in range(start, len(row)):
        width = row[i].columns
        if line and line + width > line_columns:
            used, line = used + 1, 0
        if i > start and (used > lines or width > line_columns or total + width > room):
            return i
        line += width + row[i].has_blank
        total += width + row[i].has_blank
        if width > line_columns:  # a word wider than a line stands alone and is reported
            return i + 1
    return len(row)
