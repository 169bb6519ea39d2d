import json
import re
import shutil
import subprocess
import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pysubs2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from zimu.errors import SubtitleError
from zimu.subtitles.cue import Cue, Mark, Track, clean_lines
from zimu.subtitles.formats import FORMATS

_HAZARDS = [
    *("-->", "->", "<b>", "</b>", "<i", "&", "&amp;", "&lt", "]]>", "<!--", '"', "'"),
    *("{", "}", "{\\an8}", "\\N", "\\n", "\\h", "\\", "\\{"),
    *("\u2060", "<\u2060b>", "-\u2060->", "\t", "\x00", "\ufeff", "\u2028", "\x85"),
    *("[00:12.00]", "[", "<00:01.0>", "NOTE", "STYLE", "WEBVTT", "1", "42", "[Events]", "Dialogue: 0,"),
    "00:00:01,000 --> 00:00:02,000",
    *(
        "\u202eab",
        "שלום",
        "مرحبا",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "e\u0301",
        "\u0e01\u0e33",
        "字幕",
        "，",
    ),
]
_TEXTS = st.lists(st.sampled_from(_HAZARDS) | st.text(max_size=8), max_size=6).map("".join)
_LINES = st.lists(_TEXTS, min_size=1, max_size=3).map(lambda rows: clean_lines("\n".join(rows)))


@st.composite
def _tracks(draw: st.DrawFn, step_ms: int = 1) -> Track:
    cues, at = [], 0
    for _ in range(draw(st.integers(1, 5))):
        at += draw(st.integers(0, 10**6)) * step_ms
        end = at + draw(st.integers(1, 10**5)) * step_ms
        lines = draw(_LINES.filter(bool))
        cues.append(Cue(at, end, lines, kind="speech"))
        at = end + draw(st.integers(2, 100)) * step_ms
    return Track(tuple(cues))


def _content(track: Track) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(c.start_ms, c.end_ms, c.lines) for c in track.cues]


@settings(max_examples=80, deadline=None)
@given(_tracks())
def test_any_cues_come_back_as_they_were_written(track: Track) -> None:
    for name in ("srt", "vtt", "json", "ttml"):
        assert _content(FORMATS[name].read(FORMATS[name].write(track))) == _content(track), name


@settings(max_examples=80, deadline=None)
@given(_tracks(step_ms=10))
def test_formats_of_hundredths_or_of_one_line_keep_what_they_can_hold(track: Track) -> None:
    assert _content(FORMATS["ass"].read(FORMATS["ass"].write(track))) == _content(track)
    for name in ("lrc", "tsv"):
        back = FORMATS[name].read(FORMATS[name].write(track))
        assert [(c.start_ms, c.end_ms) for c in back.cues] == [(c.start_ms, c.end_ms) for c in track.cues]
        squeezed = [re.sub(r"\s", "", c.text) for c in back.cues]
        assert squeezed == [re.sub(r"\s", "", c.text) for c in track.cues]


@settings(max_examples=60, deadline=None)
@given(text=_TEXTS | st.text())
@example(text="00:00:99,000 --> 00:00:01,000\n")
@example(text="WEBVTT\n\n00:00.000 --> x\n")
@example(text="[" * 100_000)
@example(text='{"cues": [{"start": 1e400, "end": 1, "text": ""}]}')
@example(text='{"cues": [{"start": "1e999999999", "end": 1, "text": ""}]}')
@example(text="[Events]\nDialogue: 0,x,y\n")
@example(text='<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1x"/></body></tt>')
@example(text="<a>" * 20_000)
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    for known in FORMATS.values():
        try:
            known.read(text)
        except SubtitleError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["srt", "vtt", "ass", "ttml", "json", "tsv", "lrc"])
def test_a_line_of_100_kb_is_kept_whole(name: str) -> None:
    line = "日" * 20_000 + " & <b> " * 6_000
    (cue,) = FORMATS[name].read(FORMATS[name].write(Track((Cue(0, 1000, (line.strip(),)),)))).cues
    assert cue.text == line.strip()


@pytest.mark.parametrize("name", ["srt", "vtt", "ass", "ttml", "json", "lrc"])
def test_hours_over_99_are_kept(name: str) -> None:
    start = 123 * 3_600_000 + 45 * 60_000 + 6_780
    track = Track((Cue(start, start + 1000, ("late",)),))
    assert FORMATS[name].read(FORMATS[name].write(track)).cues[0].start_ms == start


def test_srt_reads_what_people_have() -> None:
    text = (
        "junk\n\n1\n0:00:01.5 --> 00:00:02,000 X1:10 X2:20\n<i>One</i>\n\ntwo\n\n"
        "2\n-00:00:01,000 -> 00:00:04,25\n1984\n\n"
        "00:00:05,000 --> 00:00:06,000\nno number above\n7\n\n4\n00:00:07,000 --> 00:00:08,000\n\n\n5\n"
        "00:00:09,000 --> 00:00:10,000\nlast"
    )
    cues = FORMATS["srt"].read(text).cues
    assert [(c.start_ms, c.end_ms, c.lines) for c in cues] == [
        (1500, 2000, ("One", "two")),
        (-1000, 4250, ("1984",)),
        (5000, 6000, ("no number above", "7")),
        (7000, 8000, ()),
        (9000, 10000, ("last",)),
    ]
    assert cues[0].marks == (Mark(0, "<i>"), Mark(3, "</i>"))


def test_webvtt_keeps_header_notes_styles_identifiers_and_settings() -> None:
    text = (
        "WEBVTT - a title\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:r\n\nNOTE\ntwo\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start position:10% line:-1\n"
        "<v Ann>Hi &amp; <c.loud>bye</c></v>\n\n"
        "NOTE between\n\n00:00:03.000 --> 00:00:04.000\nTwo\n"
    )
    track = FORMATS["vtt"].read(text)
    assert track.cues[0].lines == ("Hi & bye",)
    assert FORMATS["vtt"].write(track) == text.replace(
        "00:01.000 --> 00:02.000", "00:00:01.000 --> 00:00:02.000"
    )


def test_webvtt_cues_without_blank_lines_between_them_are_told_apart() -> None:
    track = FORMATS["vtt"].read("WEBVTT\n00:01.000 --> 00:02.000\none\n00:02.000 --> 00:03.000\ntwo\n")
    assert [c.lines for c in track.cues] == [("one",), ("two",)]


def test_ass_keeps_styles_comments_fields_and_override_tags() -> None:
    text = (
        "[Script Info]\nTitle: x\nScriptType: v4.00+\n\n"
        "[V4+ Styles]\nFormat: Name, Fontname\nStyle: Top,Arial\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:00.00,Default,,0,0,0,,a note\n"
        "Dialogue: 2,0:00:01.00,0:00:02.50,Top,Ann,0,0,12,,{\\an8\\pos(1,2)}One{\\i1} two{\\i0}\\N,three\n"
    )
    track = FORMATS["ass"].read(text)
    assert track.cues[0].lines == ("One two", ",three")
    assert FORMATS["ass"].write(track) == text


def test_ssa_4_stays_ssa_4() -> None:
    text = (
        "[Script Info]\nScriptType: v4.00\n\n[V4 Styles]\nFormat: Name\nStyle: A\n\n[Events]\n"
        "Format: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,A,,0,0,0,,Hi\n"
    )
    assert FORMATS["ass"].write(FORMATS["ass"].read(text)) == text


def test_italics_survive_from_srt_to_every_format_that_has_them() -> None:
    track = FORMATS["srt"].read("1\n00:00:01,000 --> 00:00:02,000\nan <i>old</i> man\n")
    assert "an <i>old</i> man" in FORMATS["vtt"].write(track)
    assert "an {\\i1}old{\\i0} man" in FORMATS["ass"].write(track)
    assert 'an <span tts:fontStyle="italic">old</span> man' in FORMATS["ttml"].write(track)
    for name in ("vtt", "ass", "ttml"):
        back = FORMATS[name].read(FORMATS[name].write(track))
        assert "an <i>old</i> man" in FORMATS["srt"].write(back)


def test_ttml_reads_frames_ticks_offsets_durations_and_nested_times() -> None:
    text = (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
        ' ttp:frameRate="25" ttp:tickRate="10000000" xml:lang="zh">'
        '<body begin="10s"><div begin="00:00:01.000">'
        '<p begin="00:00:01:05" end="3s">一<br/>二</p><p begin="20000000t" dur="500ms">three\n   four</p>'
        "</div></body></tt>"
    )
    first, second = FORMATS["ttml"].read(text).cues
    assert (first.start_ms, first.end_ms, first.lines, first.language) == (12200, 14000, ("一", "二"), "zh")
    assert (second.start_ms, second.end_ms) == (13000, 13500)


def test_ttml_with_a_document_type_is_refused() -> None:
    bomb = '<!DOCTYPE tt [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tt>&b;</tt>'
    with pytest.raises(SubtitleError, match="document type"):
        FORMATS["ttml"].read(bomb)


def test_lrc_reads_offset_repeated_times_and_word_times() -> None:
    cues = (
        FORMATS["lrc"]
        .read("[ti:song]\n[offset:500]\n[00:10.50][00:01.00]<00:01.00>La <00:01.50>la\n[00:03.00]\n")
        .cues
    )
    assert [(c.start_ms, c.end_ms, c.text) for c in cues] == [(500, 2500, "La la"), (10000, 15000, "La la")]


def test_whisper_json_is_read() -> None:
    word = {"word": " Hi", "start": 0.5, "end": 1.2, "probability": 0.9}
    segment = {"id": 0, "start": 0.5, "end": 1.25, "text": " Hi", "words": [word]}
    text = json.dumps({"text": " Hi", "segments": [segment], "language": "en"})
    (cue,) = FORMATS["json"].read(text).cues
    assert (cue.start_ms, cue.end_ms, cue.text, cue.language) == (500, 1250, "Hi", "en")
    assert (cue.words[0].start_ms, cue.words[0].confidence) == (500, 0.9)


@settings(max_examples=60, deadline=None)
@given(_tracks(step_ms=10))
@example(Track((Cue(0, 10, ("a", "1"), "speech"),)))
def test_files_pass_through_pysubs2_without_a_change(track: Track) -> None:
    within = [c for c in track.cues if c.end_ms < 35_990_000]  # it stops at ten hours
    for name in ("srt", "ass") if within else ():
        # pysubs2 takes braces and backslashes in SRT for ASS codes; SRT has nothing to tell it otherwise.
        cues = [replace(c, lines=tuple(re.sub(r"[{\\\\]", "(", line) for line in c.lines)) for c in within]
        # It also takes a number on the last line for that of a cue to come, so a cue without one is last.
        cues.append(Cue(35_990_000, 35_990_010, ("end",)))
        own = Track(tuple(cues if name == "srt" else within))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            theirs = pysubs2.SSAFile.from_string(FORMATS[name].write(own), format_=name)
        assert _content(FORMATS[name].read(theirs.to_string(name))) == _content(own), name


def test_pysubs2_sees_the_same_words_and_times_in_srt() -> None:
    track = Track((Cue(0, 1500, ("a <b> & -->", "第二行")), Cue(2000, 3000, ("1984", "7"))))
    (first, second) = pysubs2.SSAFile.from_string(FORMATS["srt"].write(track), format_="srt")
    assert first.plaintext.replace("\u2060", "") == "a <b> & -->\n第二行"
    assert (first.start, first.end, second.start, second.end) == (0, 1500, 2000, 3000)


def _through_ffmpeg(folder: Path, suffix: str, text: str) -> str:
    source, target = folder / f"in.{suffix}", folder / f"out.{suffix}"
    source.write_text(text, encoding="utf-8")
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        stream = made.add_stream_from_template(given.streams[0])
        for packet in given.demux(given.streams[0]):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    return target.read_text(encoding="utf-8")


def test_srt_and_ass_decoded_and_encoded_again_by_ffmpeg_come_back(tmp_path: Path) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("no ffmpeg on this machine")
    rows = [*_HAZARDS, "a\\Nb", "\\n", "{\\an8}x", "1984", *("".join(p) for p in pairwise(_HAZARDS))]
    lines = [found for row in rows if (found := clean_lines(row)) and len(found) == 1]
    pairs = [(*first, *second) for first, second in pairwise(lines)]
    cues = [Cue(i * 1000, i * 1000 + 990, pair) for i, pair in enumerate(pairs)]
    for name in ("srt", "ass"):
        source, target = tmp_path / f"in.{name}", tmp_path / f"out.{name}"
        source.write_text(FORMATS[name].write(Track(tuple(cues))), encoding="utf-8")
        subprocess.run([program, "-v", "error", "-i", str(source), str(target)], check=True)
        back = FORMATS[name].read(target.read_text(encoding="utf-8"))
        assert _content(back) == [(c.start_ms, c.end_ms, c.lines) for c in cues], name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_tracks(step_ms=10))
def test_files_pass_through_ffmpeg_without_a_change(tmp_path: Path, track: Track) -> None:
    within = tuple(c for c in track.cues if c.end_ms < 35_990_000)  # its ASS stops at ten hours
    for name in ("srt", "ass", "vtt") if within else ():
        own = Track(within)
        back = FORMATS[name].read(_through_ffmpeg(tmp_path, name, FORMATS[name].write(own)))
        assert _content(back) == _content(own), name
