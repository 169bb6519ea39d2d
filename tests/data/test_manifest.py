"""Manifests: what goes in comes out, and every error of a table is told at once."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zimu.data.manifest import Sample, iter_manifest, read_manifest, write_manifest
from zimu.errors import ConfigError, UnknownNameError

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).filter(
    lambda t: bool(t.strip()) and t[0] not in "[{"
)
_SECONDS = st.integers(0, 10**7).map(lambda ms: Fraction(ms, 1000))


@st.composite
def _samples(draw: st.DrawFn) -> Sample:
    start = draw(st.none() | _SECONDS)
    return Sample(
        id=draw(_TEXT),
        media={
            m: Path("/data") / f"{m}.bin" for m in draw(st.sets(st.sampled_from(["video", "audio", "image"])))
        },
        start=start,
        end=draw(st.none() | _SECONDS.map(lambda s: (start or 0) + s + 1)),
        split=draw(st.sampled_from(["", "train", "val"])),
        references=draw(
            st.dictionaries(st.sampled_from(["en", "zh"]), st.lists(_TEXT, min_size=1).map(tuple))
        ),
        label=draw(st.none() | _TEXT),
        target=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
        extra=draw(st.dictionaries(st.sampled_from(["speaker", "note"]), _TEXT)),
    )


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
@settings(max_examples=40, deadline=None)
@given(samples=st.lists(_samples(), min_size=1, max_size=4, unique_by=lambda s: s.id))
def test_what_is_written_is_read_back(
    suffix: str, samples: list[Sample], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("round") / f"manifest{suffix}"
    write_manifest(samples, path)
    back = read_manifest(path)
    assert [_resolved(s) for s in back] == samples


def _resolved(sample: Sample) -> Sample:
    media = {m: p.resolve() for m, p in sample.media.items()}
    return replace(sample, media=media)


def _write(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "manifest.jsonl"
    path.write_text(
        "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), encoding="utf-8"
    )
    return path


def test_every_error_is_named_with_row_and_column_at_once(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        {"id": "a", "video": "a.mp4", "start": "soon", "target": True},
        "{broken",
        {"id": "b", "media": "b.xyz", "start": 3, "end": 2},
        {"id": "c", "references_en": [1], "references": ["42"]},
        {"id": "d"},
        {"id": "d", "split": ["train"]},
        "[1]",
    )
    with pytest.raises(ConfigError) as caught:
        read_manifest(path)
    text = str(caught.value)
    assert text.startswith(f"{path} has 9 errors:")
    for place in (
        "row 1, column start: 'soon' is not a number",
        "row 1, column target: True is not a number",
        "row 2 is not JSON",
        "row 3, column media: 'b.xyz' has a suffix that tells no modality",
        "row 3, column end: 2.0 s is not after start, 3.0 s",
        "row 4, column references_en: [1] is neither a text nor a list of texts",
        "row 4, column references: the language of '42' cannot be told",
        "row 6, column split: ['train'] is not a text",
        "row 7 is a list, not an object",
    ):
        assert place in text


def test_two_rows_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="column id: 'a' stands in two rows"):
        read_manifest(_write(tmp_path, {"id": "a"}, {"id": "a"}))


def test_a_csv_row_is_counted_as_a_spreadsheet_counts_it(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("id,video,end\na,a.mp4,1\nb,b.mp4,x\nc,c.mp4\n", encoding="utf-8-sig")
    with pytest.raises(ConfigError) as caught:
        read_manifest(path)
    assert "row 3, column end: 'x' is not a number" in str(caught.value)
    assert "row 4 has 2 cells where the header has 3" in str(caught.value)


def test_media_are_resolved_against_the_manifest(tmp_path: Path) -> None:
    path = _write(
        tmp_path, {"id": "a", "media": "clips/a.mp4"}, {"id": "b", "video": "b.mp4", "audio": "/x/b.wav"}
    )
    first, second = read_manifest(path)
    assert first.media == {"video": tmp_path / "clips/a.mp4"}
    assert second.media == {"video": tmp_path / "b.mp4", "audio": Path("/x/b.wav")}
    assert second.path == tmp_path / "b.mp4"


def test_references_without_a_language_are_told_by_their_script(tmp_path: Path) -> None:
    path = _write(
        tmp_path, {"references": ["A dog.", "一只狗。"]}, {"references": "Ein Hund.", "language": "de"}
    )
    first, second = read_manifest(path)
    assert first.references == {"en": ("A dog.",), "zh": ("一只狗。",)}
    assert second.references == {"de": ("Ein Hund.",)}
    assert (first.id, second.id) == ("1", "2")


def test_unknown_columns_and_word_times_are_kept(tmp_path: Path) -> None:
    words = [{"word": "bin", "start": 0.5, "end": 0.7}]
    sample = read_manifest(
        _write(tmp_path, {"id": "a", "words": words, "speaker": "s1", "text": "bin blue"})
    )[0]
    assert sample.extra == {"words": words, "speaker": "s1", "text": "bin blue"}


def test_times_are_exact(tmp_path: Path) -> None:
    sample = read_manifest(_write(tmp_path, {"id": "a", "start": 0.1, "end": 0.3}))[0]
    assert sample.span is not None
    assert sample.span.duration == Fraction(1, 5)


def test_a_part_holds_one_split_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    manifest = read_manifest(_write(tmp_path, {"id": "a", "split": "train"}, {"id": "b", "split": "val"}))
    assert [s.id for s in manifest.part("val")] == ["b"]
    with pytest.raises(UnknownNameError, match=r"'vall'. Did you mean 'val'"):
        manifest.part("vall")


def test_the_digest_does_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    row = {"id": "a", "video": "a.mp4", "references_en": ["A dog."]}
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    here, there = (read_manifest(_write(tmp_path / d, row)).digest for d in "xy")
    other = read_manifest(_write(tmp_path, row | {"references_en": ["A cat."]})).digest
    assert here == there != other


def test_a_long_manifest_is_streamed_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    count = 8_000
    write_manifest(
        (Sample(str(i), references={"en": ("A dog runs on the grass.",)}) for i in range(count)), path
    )
    tracemalloc.start()
    assert sum(1 for _ in iter_manifest(path)) == count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000 < path.stat().st_size


def test_a_stream_refuses_a_wrong_table_before_its_first_sample(tmp_path: Path) -> None:
    path = _write(tmp_path, {"id": "a"}, {"id": "b", "start": -1})
    with pytest.raises(ConfigError, match="row 2, column start: -1 s is before the file begins"):
        iter_manifest(path)


def test_a_manifest_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    write_manifest([Sample("old")], path)

    def failing() -> object:
        yield Sample("new")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_manifest(failing(), path)  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["m.jsonl"]
    assert read_manifest(path)[0].id == "old"


@pytest.mark.parametrize(
    ("name", "problem"), [("none.jsonl", "There is no manifest"), ("m.xlsx", "its suffix is '.xlsx'")]
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "m.xlsx").touch()
    with pytest.raises(ConfigError, match=problem):
        read_manifest(tmp_path / name)


def test_an_empty_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no rows"):
        read_manifest(_write(tmp_path))
