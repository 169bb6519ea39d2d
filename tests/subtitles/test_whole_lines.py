from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from zimu.subtitles.breaks import _atoms, _best_lines, split_text
from zimu.subtitles.measure import columns
from zimu.subtitles.phrases import pieces

TEXTS = st.lists(
    st.sampled_from(["一只狗", "在草地上", "跑。", "a", "dog,", "runs.", "12%", "“好”", "——", "É", "？"]),
    min_size=1,
    max_size=6,
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, language=st.sampled_from(["zh", "en"]))
def test_a_text_that_fits_a_line_is_that_line_as_the_search_over_breaks_would_find(
    text: str, language: str
) -> None:
    width = columns(text)
    assert split_text(text, language, width, 2) == [(text,)]
    assert _best_lines(_atoms(pieces(text, language), width), width, 2) == (text,)


def test_captions_that_fit_never_load_the_dictionary_of_words() -> None:
    code = """
import sys
from zimu.streams import Caption
from zimu.subtitles.layout import lay_out
from zimu.subtitles.styles import style_of
cues = lay_out([Caption(0, 3000, "一只狗在草地上跑。", "zh", "scene")], style_of("netflix-zh"))
assert [cue.lines for cue in cues] == [("一只狗在草地上跑",)], cues
assert "jieba" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
