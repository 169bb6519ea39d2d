"""Readers of public sets: a folder as its authors publish it → samples. `READERS` is all there is."""

from __future__ import annotations

from zimu.data.readers import activitynet, coco, esc, flickr8k, grid, msrvtt, msvd, subtitles, vatex
from zimu.data.readers.layout import Reader

__all__ = ["READERS", "Reader"]

READERS: dict[str, Reader] = {
    "activitynet": activitynet.READER,
    "coco": coco.READER,
    "esc10": esc.READER_10,
    "esc50": esc.READER_50,
    "flickr8k": flickr8k.READER,
    "flickr8k-cn": flickr8k.CN_READER,
    "grid": grid.READER,
    "msrvtt": msrvtt.READER,
    "msvd": msvd.READER,
    "subtitles": subtitles.READER,
    "vatex": vatex.READER,
}
