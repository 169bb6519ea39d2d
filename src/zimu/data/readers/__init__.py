"""Readers of public sets: a folder as its authors publish it → samples. `READERS` is all there is."""

from __future__ import annotations

from zimu.data.readers import esc, flickr8k, grid
from zimu.data.readers.layout import Reader

__all__ = ["READERS", "Reader"]

READERS: dict[str, Reader] = {
    "esc10": esc.READER_10,
    "esc50": esc.READER_50,
    "flickr8k": flickr8k.READER,
    "flickr8k-cn": flickr8k.CN_READER,
    "grid": grid.READER,
}
