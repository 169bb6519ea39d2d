"""What the caption engine does with clips that show the same."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest

from zimu.bundles.manifest import find_bundle
from zimu.captions import engine as module
from zimu.captions.engine import CaptionEngine
from zimu.streams import Clip, Frame
from zimu.timing import Span


def slide(start: int, seed: int) -> Clip:
    """Return a clip of four seconds that shows one picture all the time."""
    picture = np.random.default_rng(seed).integers(0, 255, (224, 224, 3), np.uint8)
    frames = tuple(Frame(Fraction(start + i), picture.copy()) for i in range(4))
    return Clip(Span(Fraction(start), Fraction(start + 4)), frames, None)


@pytest.fixture(scope="module")
def engine() -> CaptionEngine:
    return CaptionEngine(find_bundle("describe"), threads=1)


def test_a_slide_that_stays_is_captioned_once_and_reads_as_if_it_were_not(engine: CaptionEngine) -> None:
    clips = [slide(0, 1), slide(4, 1), slide(8, 2), slide(12, 1)]
    wanted = [CaptionEngine.caption(CaptionEngine(engine.bundle, 1), [c], ["en", "zh"]) for c in clips]
    rows: list[int] = []
    search = module.search

    def counted(stepper, batch, *rest, **options):  # type: ignore[no-untyped-def]
        rows.append(len(batch["video"].values))
        return search(stepper, batch, *rest, **options)

    with patch.object(module, "search", counted):
        found = engine.caption(clips[:3], ["en", "zh"])
        later = engine.caption(clips[3:], ["en", "zh"])
    assert rows == [2]
    for language in ("en", "zh"):
        every = [*found[language], *later[language]]
        assert [(c.start_ms, c.end_ms) for c in every] == [
            (0, 4000), (4000, 8000), (8000, 12000), (12000, 16000)
        ]  # fmt: skip
        for caption, alone in zip(every, wanted, strict=True):
            assert caption.tokens == alone[language][0].tokens
            times, weights = caption.attention["video"]
            assert times == pytest.approx(alone[language][0].attention["video"][0])
            assert weights == pytest.approx(alone[language][0].attention["video"][1], abs=1e-5)


def test_a_language_that_was_not_asked_for_before_is_searched(engine: CaptionEngine) -> None:
    clip = slide(0, 3)
    english = engine.caption([clip], ["en"])
    both = engine.caption([replace(clip, span=Span(Fraction(0), Fraction(4)))], ["en", "zh"])
    assert both["en"] == english["en"] and both["zh"][0].language == "zh"
