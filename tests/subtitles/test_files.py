from pathlib import Path

import pytest

import zimu
from zimu.errors import SubtitleError
from zimu.streams import Caption
from zimu.subtitles.files import read, read_track, write_track

CAPTIONS = [
    Caption(0, 3000, "A man rides a bicycle along the street while two dogs run behind him.", "en"),
    Caption(3000, 9000, "一个穿红色衬衫的男人骑着自行车沿着街道前进，后面跟着两只奔跑的狗。", "zh"),
    Caption(9400, 12000, "It's me & <b>you</b> --> there.", "en"),
]


@pytest.mark.parametrize("suffix", ["srt", "vtt", "ass", "ttml", "lrc", "json", "tsv"])
def test_a_file_that_is_read_and_written_again_is_the_same(suffix: str, tmp_path: Path) -> None:
    zimu.write(CAPTIONS, tmp_path / f"a.{suffix}", style="netflix-en")
    write_track(read_track(tmp_path / f"a.{suffix}"), tmp_path / f"b.{suffix}")
    assert (tmp_path / f"a.{suffix}").read_text() == (tmp_path / f"b.{suffix}").read_text()


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match=r"suffix '\.doc'.*\.srt"):
        zimu.write(CAPTIONS, tmp_path / "a.doc")


def test_literal_tags_and_arrows_are_still_there_after_a_round_trip(tmp_path: Path) -> None:
    for suffix in ("srt", "vtt", "ass", "ttml", "json"):
        zimu.write(CAPTIONS[2:], tmp_path / f"a.{suffix}")
        assert " ".join(read(tmp_path / f"a.{suffix}")[0].lines) == "It's me & <b>you</b> --> there."
