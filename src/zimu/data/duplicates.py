"""Files that are the same, by their bytes or by what is seen and heard in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.data.examine import Examined

__all__ = ["MAX_BITS", "near_pairs", "same_content"]

# Of 256 bits. Measured on Flickr8k: 60 pictures encoded again at other sizes and shapes differ from
# themselves in 33 bits at most; of 7,591 pictures the nearest two that are not the same differ in 38.
MAX_BITS = 36

# Videos are encoded harder, and are told apart by sound or motion too: 25 real clips encoded again at 96x112
# and CRF 32 differ from themselves in 4 to 39 bits on average over their first seconds.
_MAX_VIDEO_BITS = 56

# Loudness over time of 900 GRID clips of one speaker: two different clips correlate with 0.953 at most,
# a clip and its second encoding with 0.9999.
_SAME_SOUND = 0.99
# Motion over time, for silent videos: the 16 of those 25 clips that are no talking heads correlate with their
# second encoding with 0.959 at least. A still talking head reaches 0.5 to 0.97, and may be missed.
_SAME_MOTION = 0.95
_STILL_MOTION = 0.5
_LEAST_STEPS = 5

# Pairs compared at once; 32 bytes each.
_CHUNK = 1 << 20


def same_content(examined: Mapping[Path, Examined]) -> list[list[Path]]:
    """Return the groups of two or more files with the same bytes."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path, found in examined.items():
        if found.digest:
            groups[found.digest].append(path)
    return [paths for paths in groups.values() if len(paths) > 1]


def near_pairs(
    groups: Sequence[Sequence[Path]], examined: Mapping[Path, Examined]
) -> Iterator[tuple[Path, Path]]:
    """Yield pairs of files of different groups that show nearly the same, and sound alike where both sound.

    Compares the first picture of every file with that of every file of the other groups, and the few pairs
    that remain with care.

    Args:
        groups: The files of each split.
        examined: What is known of them.
    """
    shown = [[p for p in group if _has_print(examined[p])] for group in groups]
    for one, other in combinations(shown, 2):
        for path, twin in _candidates(one, other, examined):
            if examined[path].digest != examined[twin].digest and _alike(examined[path], examined[twin]):
                yield path, twin


def _has_print(found: Examined) -> bool:
    return bool(found.prints.any())


def _first_print(found: Examined) -> npt.NDArray[np.uint64]:
    shown: npt.NDArray[np.uint64] = found.prints[found.prints.any(axis=1)][0]
    return shown


def _candidates(
    one: Sequence[Path], other: Sequence[Path], examined: Mapping[Path, Examined]
) -> Iterator[tuple[Path, Path]]:
    if not one or not other:
        return
    left = np.array([_first_print(examined[p]) for p in one])
    right = np.array([_first_print(examined[p]) for p in other])
    rows = max(1, _CHUNK // len(other))
    for start in range(0, len(one), rows):
        bits = np.bitwise_count(left[start : start + rows, None] ^ right[None]).sum(axis=2, dtype=np.uint16)
        for i, j in np.argwhere(bits <= _MAX_VIDEO_BITS):
            yield one[start + i], other[j]


def _alike(a: Examined, b: Examined) -> bool:
    bits = _mean_bits(a, b)
    if a.is_still or b.is_still:
        return a.is_still and b.is_still and bits <= MAX_BITS
    if bits > _MAX_VIDEO_BITS:
        return False
    if a.has_audio and b.has_audio:
        return _correlation(a.levels, b.levels) >= _SAME_SOUND
    if max(a.motion.max(initial=0), b.motion.max(initial=0)) < _STILL_MOTION:
        return bits <= MAX_BITS
    return _correlation(a.motion, b.motion) >= _SAME_MOTION


def _mean_bits(a: Examined, b: Examined) -> float:
    """Return in how many bits the pictures differ that both files show at the same second; 256 if none."""
    common = min(len(a.prints), len(b.prints))
    both = a.prints[:common].any(axis=1) & b.prints[:common].any(axis=1)
    bits = np.bitwise_count(a.prints[:common] ^ b.prints[:common]).sum(axis=1)[both]
    return float(bits.mean()) if bits.size else 256.0


def _correlation(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """Return Pearson's correlation over the common length; 1 where neither changes, 0 where one does not."""
    common = min(len(a), len(b))
    if common < _LEAST_STEPS:
        return 1.0
    x, y = (v[:common].astype(np.float64) - v[:common].mean(dtype=np.float64) for v in (a, b))
    scale = float(np.sqrt((x @ x) * (y @ y)))
    if scale < 1e-6:
        return 1.0 if max(x @ x, y @ y) < 1e-6 else 0.0
    return float(x @ y) / scale
