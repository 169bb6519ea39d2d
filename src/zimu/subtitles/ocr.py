"""Text in pictures, read by RapidOCR (extra `ocr`). Its models come with it; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from zimu.errors import MissingExtraError

__all__ = ["RapidReader", "TextLine", "TextReader", "rows_of"]

# The detector's longer side; a subtitle is found as well in a smaller picture, and twice as quickly.
_DETECT_PX = 640


@dataclass(frozen=True, slots=True)
class TextLine:
    """A piece of text in a picture.

    Attributes:
        text: What it says.
        confidence: 0 to 1.
        box: Left, top, right, bottom in pixels.
    """

    text: str
    confidence: float
    box: tuple[int, int, int, int]


class TextReader(Protocol):
    """Reads the text in a picture."""

    def read(self, picture: npt.NDArray[np.uint8]) -> list[TextLine]:
        """Return the pieces of text of a picture uint8 [H, W, 3], RGB."""
        ...


class RapidReader:
    """RapidOCR's detector and recogniser (PP-OCR, Apache-2.0) on ONNX Runtime; Chinese and English.

    Args:
        threads: Threads of ONNX Runtime.

    Raises:
        MissingExtraError: rapidocr is not installed.
    """

    def __init__(self, threads: int = 1) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise MissingExtraError("rapidocr", "ocr") from error
        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Det.limit_type": "max",
                "Det.limit_side_len": _DETECT_PX,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, picture: npt.NDArray[np.uint8]) -> list[TextLine]:
        """Return the pieces of text of a picture uint8 [H, W, 3], RGB."""
        found = self._engine(np.ascontiguousarray(picture[..., ::-1]), use_cls=False)
        if found.boxes is None or found.txts is None:
            return []
        lines = []
        for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True):
            (left, top), (right, bottom) = np.floor(corners.min(0)), np.ceil(corners.max(0))
            lines.append(TextLine(str(text), float(score), (int(left), int(top), int(right), int(bottom))))
        return lines


def rows_of(lines: Sequence[TextLine]) -> list[str]:
    """Return the rows of text from top to bottom, pieces that stand side by side joined.

    Args:
        lines: Pieces in any order. One belongs to a row if their heights overlap by half.
    """
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda one: one.box[1]):
        _, top, _, bottom = line.box
        for row in rows:
            _, first, _, last = row[0].box
            if min(bottom, last) - max(top, first) > min(bottom - top, last - first) / 2:
                row.append(line)
                break
        else:
            rows.append([line])
    return [" ".join(one.text for one in sorted(row, key=lambda one: one.box[0])) for row in rows]
