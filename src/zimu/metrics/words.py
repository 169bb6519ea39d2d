"""Numbers for the words of many texts at once, by array operations on their bytes.

Texts are joined as UTF-8, words are compared by their bytes, eight at a time, and equal words are found
through a table of hash slots. Where two words meet in a slot, the one that lost it tries again in the next
round with other slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["Words", "number_words"]

_BORDER = 0xFF  # no byte of UTF-8
_BLANK = 0x20
_ASCII_SPACE = bytes(_BLANK if code in (*range(9, 14), *range(28, 32)) else code for code in range(256))
# What Python's split() separates at beyond ASCII, as the integer that its UTF-8 bytes make, low byte first.
_OTHER_SPACE = np.sort(
    [
        int.from_bytes(chr(code).encode(), "little")
        for code in (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
    ]
)
_STEP = 8
_BITS = 16
_TEXTS = 1 << 15  # handled at once, so that the arrays stay small
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(_STEP + 1)], np.uint64)
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93], np.uint64)


class Words(Sequence[str]):
    """The distinct words, decoded when they are asked for."""

    def __init__(self, encoded: Sequence[bytes]) -> None:
        self._encoded = encoded

    @cached_property
    def _decoded(self) -> list[str]:
        return [word.decode("utf-8", "surrogatepass") for word in self._encoded]

    def __len__(self) -> int:
        return len(self._encoded)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._decoded[index]


def number_words(
    texts: Sequence[str], *, at_blanks: bool = False
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], Words, bool]:
    """Split texts and number their words.

    Args:
        texts: C texts.
        at_blanks: Split as `text.split(" ")` does, else as `text.split()`.

    Returns:
        The numbers of all words [N]; how many words each text has [C]; the word of each number; whether
        the other way of splitting gives other words, empty texts apart.
    """
    numbers: dict[bytes, int] = {}
    ids, counts, differ = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)], False
    for start in range(0, len(texts), _TEXTS):
        local, count, words, other = _number_block(texts[start : start + _TEXTS], at_blanks)
        known = [numbers.setdefault(word, len(numbers)) for word in words]
        ids.append(np.array(known, np.int32)[local])
        counts.append(count)
        differ |= other
    return np.concatenate(ids), np.concatenate(counts), Words(list(numbers)), differ


def _number_block(
    texts: Sequence[str], at_blanks: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[bytes], bool]:
    """Do what `number_words` does for some of the texts; the words are bytes."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    raw = bytes([_BORDER]).join([*encoded, bytes(_STEP)])
    text = raw if at_blanks else _with_blanks(raw)
    data = np.frombuffer(text, np.uint8)
    inside = data[:-_STEP]
    ends = np.flatnonzero((inside == _BORDER) | (inside == _BLANK))
    last = np.flatnonzero(inside[ends] == _BORDER)  # of each text, the piece at its end
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    sizes = ends - starts
    pieces = np.diff(last, prepend=-1)
    hollow = np.flatnonzero(sizes == 0)
    empty_texts = int(((pieces == 1) & (sizes[last] == 0)).sum())
    differ = text is not raw or len(hollow) != empty_texts
    if len(hollow) and not at_blanks:
        full = sizes > 0
        pieces = np.diff(np.cumsum(full)[last], prepend=0)
        starts, sizes = starts[full], sizes[full]
    ids, first = _number(data, starts, sizes)
    spans = zip(starts[first].tolist(), sizes[first].tolist(), strict=True)
    return ids, pieces, [text[at : at + size] for at, size in spans], differ


def _with_blanks(raw: bytes) -> bytes:
    """Return the text with all white space as blanks; the same object where there was nothing to do."""
    text = raw.translate(_ASCII_SPACE)
    data = np.frombuffer(text, np.uint8)
    # First bytes of characters of two or three bytes: 0xC2 to 0xEF.
    high = np.flatnonzero(data[:-2] - np.uint8(0xC2) <= 0xEF - 0xC2)
    if len(high):
        two = data[high] | data[high + 1].astype(np.int64) << 8
        sizes = np.where(data[high] < 0xE0, 2, 3)
        codes = np.where(sizes == 2, two, two | data[high + 2].astype(np.int64) << 16)
        at = np.minimum(np.searchsorted(_OTHER_SPACE, codes), len(_OTHER_SPACE) - 1)
        space = _OTHER_SPACE[at] == codes
        if space.any():
            out = data.copy()
            for offset in range(3):
                out[high[space & (sizes > offset)] + offset] = _BLANK
            text = out.tobytes()
    return raw if text == raw else text


def _number(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the numbers of words [N], and of each number one word that has it."""
    chunks = _Chunks(data, starts, sizes)
    count = len(starts)
    model = np.arange(count)  # of each word, an equal word that stands for all
    hashes = chunks.hashes()
    # A small table stays in the cache and is enough for most words; the rest gets one of its own size.
    table = np.empty(1 << _BITS, np.int64)
    slots = (hashes >> np.uint64(64 - _BITS)).astype(np.int64)
    table[slots] = model
    model = table[slots]
    left = np.flatnonzero(~chunks.same(slice(None), model))
    step = 0
    while len(left):
        step += 1
        bits = max(_BITS, len(left).bit_length())
        table = np.empty(1 << bits, np.int64)
        turned = (hashes[left] ^ (hashes[left] >> np.uint64(29))) * _MULTIPLIERS[step % 3]
        slots = (turned >> np.uint64(64 - bits)).astype(np.int64)
        table[slots] = left
        model[left] = table[slots]
        left = left[~chunks.same(left, model[left])]
    stands = model == np.arange(count)
    return np.asarray((np.cumsum(stands) - 1)[model]), np.flatnonzero(stands)


class _Chunks:
    """The bytes of words, eight at a time as integers, zeros behind the end."""

    def __init__(
        self, data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
    ) -> None:
        count = len(data) - _STEP
        self._at = np.ndarray((count,), "<u8", data.data, strides=(1,))
        self._starts, self._sizes = starts, sizes
        self._heads = self._at[starts] & _MASKS[np.minimum(sizes, _STEP)]
        self._long = np.flatnonzero(sizes > _STEP)
        # Equal heads tell equal words only if these are shorter than a head and hold no zero byte.
        self._sizes_matter = bool((data[:count] == 0).any())

    def hashes(self) -> npt.NDArray[np.uint64]:
        """Return one hash a word, over all its bytes and its size."""
        out: npt.NDArray[np.uint64] = (self._heads + self._sizes.astype(np.uint64)) * _MULTIPLIERS[0]
        rest, skip = self._long, _STEP
        while len(rest):
            mixed = (out[rest] ^ (out[rest] >> np.uint64(32)) ^ self._chunk(rest, skip)) * _MULTIPLIERS[1]
            out[rest] = mixed
            skip += _STEP
            rest = rest[self._sizes[rest] > skip]
        return out

    def same(
        self, words: npt.NDArray[np.int64] | slice, others: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Return whether each word equals its other, byte for byte."""
        equal = self._heads[words] == self._heads[others]
        sizes = self._sizes[words]
        rest = np.flatnonzero(equal if self._sizes_matter else equal & (sizes >= _STEP))
        agree = sizes[rest] == self._sizes[others[rest]]
        equal[rest[~agree]] = False
        rest = rest[agree & (sizes[rest] > _STEP)]
        index = rest if isinstance(words, slice) else words[rest]
        skip = _STEP
        while len(rest):
            agree = self._chunk(index, skip) == self._chunk(others[rest], skip)
            equal[rest[~agree]] = False
            skip += _STEP
            more = agree & (self._sizes[index] > skip)
            rest, index = rest[more], index[more]
        return np.asarray(equal)

    def _chunk(self, words: npt.NDArray[np.int64], skip: int) -> npt.NDArray[np.uint64]:
        left = np.minimum(self._sizes[words] - skip, _STEP)
        return np.asarray(self._at[self._starts[words] + skip] & _MASKS[left])
