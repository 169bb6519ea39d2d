"""Breaking a text into lines, and a long text into cues, at the cheapest gaps between its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, combinations, pairwise

from zimu.subtitles.measure import columns
from zimu.subtitles.phrases import FAULT, Piece, joined, pieces

__all__ = ["break_lines", "split_text"]

# Weights against the costs of gaps (14 for a break between any two words): a second line that is a third
# longer or shorter than the first is worth as much as a comma.
_BALANCE = 24.0
_TOP_HEAVY = 2.0
_NEW_CUE = 15.0
_HURRIED_CUE = 10_000.0
_FILL = 20.0
# A cue that holds the end of one sentence and a part of the next (TED: don't merge the two).
_TWO_SENTENCES = 12.0
_SENTENCE_END = 1.0


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
    text: str,
    language: str,
    line_columns: int,
    lines: int,
    *,
    room: float = float("inf"),
    is_hurried: bool = False,
) -> list[tuple[str, ...]]:
    """Split a text into cues at the ends of phrases, each broken into lines.

    A word wider than a line becomes a cue of its own.

    Args:
        text: The text; its line ends count as blanks.
        language: "zh" or "en".
        line_columns: Columns a line.
        lines: Lines a cue.
        room: Columns a cue at most, where its time allows no more.
        is_hurried: Whether as few cues as can be are made, whatever their breaks cost.
    """
    whole = " ".join(text.split())
    if whole and columns(whole) <= min(line_columns, room):
        return [(whole,)]  # nothing to break, so the dictionary of Chinese words need not be loaded
    row = _atoms(pieces(text, language), line_columns)
    if not row:
        return []
    reach = [0, *accumulate(piece.columns + piece.has_blank for piece in row)]
    total = reach[-1] - row[-1].has_blank
    target = total / -(-total // min(room, line_columns * lines))
    costs = [piece.cost for piece in row]
    new_cue = _HURRIED_CUE if is_hurried else _NEW_CUE
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * len(row)
    for start in range(len(row)):
        lower, ends_inside = start, False
        opens = start == 0 or costs[start - 1] < _SENTENCE_END
        upper = _reach(row, start, line_columns, 1, room)
        for end in range(start + 1, _reach(row, start, line_columns, lines, room) + 1):
            closes = costs[end - 1] < _SENTENCE_END
            cost = (
                best[start][0]
                + new_cue
                + 2 * costs[end - 1]
                + _FILL * (1 - (reach[end] - reach[start]) / target) ** 2
            )
            cost += _TWO_SENTENCES * (ends_inside and not (opens and closes))
            if lines == 2 and end > upper:  # two lines: their gap counts too
                while lower < upper and reach[end] - reach[lower] - row[end - 1].has_blank > line_columns:
                    lower += 1
                cost += min(costs[max(lower, start + 1) - 1 : upper], default=0.0)
            ends_inside = ends_inside or closes
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


def _best_lines(row: Sequence[Piece], line_columns: int, lines: int) -> tuple[str, ...] | None:
    reach = [0, *accumulate(piece.columns + piece.has_blank for piece in row)]
    for count in range(1, min(lines, len(row)) + 1):
        best = float("inf")
        edges: tuple[int, ...] = (0, len(row))
        for cuts in combinations(range(1, len(row)), count - 1):
            candidate = (0, *cuts, len(row))
            widths = [reach[b] - reach[a] - row[b - 1].has_blank for a, b in pairwise(candidate)]
            if max(widths) > line_columns:
                continue
            cost = sum(row[cut - 1].cost for cut in cuts)
            cost += _BALANCE * ((max(widths) - min(widths)) / line_columns) ** 2
            cost += _TOP_HEAVY * sum(a > b for a, b in pairwise(widths))
            if cost < best:
                best, edges = cost, candidate
        if best < float("inf"):
            return tuple(joined(row[a:b]) for a, b in pairwise(edges))
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
