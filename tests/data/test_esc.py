"""ESC-10 and ESC-50: classes and folds, from either table."""

from __future__ import annotations

from pathlib import Path

from zimu.data.readers.esc import read_10, read_50


def test_the_table_of_esc10_gives_classes_folds_and_licences(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta.csv").write_text(
        "file,fold,target,category,licence\n1-1-A-001.ogg,1,0,dog_bark,CC0\n5-2-B-002.ogg,5,1,rain,CC-BY\n"
    )
    first, second = read_10(tmp_path)
    assert (first.id, first.label, first.split) == ("1-1-A-001", "dog_bark", "fold1")
    assert first.extra == {"class_number": "0", "fold": 1, "licence": "CC0"}
    assert second.media == {"audio": tmp_path / "audio/5-2-B-002.ogg"}


def test_esc10_is_taken_out_of_the_table_of_esc50(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text(
        "filename,fold,target,category,esc10,src_file,take\n"
        "1-1-A-0.wav,1,0,dog,True,1,A\n1-2-A-14.wav,1,14,chirping_birds,False,2,A\n"
    )
    assert [s.label for s in read_10(tmp_path)] == ["dog"]
    assert [s.label for s in read_50(tmp_path)] == ["dog", "chirping_birds"]
    assert next(read_50(tmp_path)).path == tmp_path / "audio/1-1-A-0.wav"
