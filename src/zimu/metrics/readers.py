"""Reading references and candidates: COCO JSON, plain JSON, JSONL, CSV, text lines, SRT and VTT."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zimu.errors import ConfigError
from zimu.metrics.cues import pair_cues, read_cues
from zimu.metrics.frequencies import DocumentFrequencies

__all__ = ["read_candidates", "read_frequencies", "read_pair", "read_references"]

# In COCO annotations "id" is the caption's own number, so it comes last.
_IDS = ("image_id", "video_id", "clip_id", "audio_id", "id")
_CAPTIONS = ("caption", "candidate", "hypothesis", "prediction", "text", "sentence")
_REFERENCES = ("references", "captions", "refs", "reference", "caption", "text", "sentence")
_CUES = (".srt", ".vtt")
Ids = dict[Hashable, Any]


def read_pair(references: Path, candidates: Path, language: str = "en") -> tuple[Ids, dict[Hashable, str]]:
    """Read references and candidates that belong together.

    Two subtitle files are matched by time: each reference cue is an item, and the candidate cues go to the
    reference cue that they overlap most. Two files of text lines are matched by line.

    Args:
        references: A file of references.
        candidates: A file of candidates.
        language: Where a file has `references_zh` and `references_en`, which to take.

    Returns:
        {id: [reference, ...]} and {id: candidate}.

    Raises:
        ConfigError: A file cannot be read as captions.
    """
    if _suffix(references) in _CUES and _suffix(candidates) in _CUES:
        return pair_cues(_cues(references), _cues(candidates))
    found, given = read_references(references, language), read_candidates(candidates)
    if _suffix(references) == _suffix(candidates) == ".txt" and len(found) != len(given):
        raise ConfigError(
            f"{references} has {len(found)} lines and {candidates} has {len(given)}. Give one line an item."
        )
    return found, given


def read_references(path: Path, language: str = "en") -> Ids:
    """Read {id: [reference, ...]}.

    Raises:
        ConfigError: The file cannot be read as references.
    """
    out: Ids = {}
    for where, row in _rows(path):
        for i, texts in _of_row(row, where, language):
            out.setdefault(i, []).extend(texts)
    if not out:
        raise ConfigError(f"{path} holds no references.")
    return out


def read_candidates(path: Path) -> dict[Hashable, str]:
    """Read {id: candidate}.

    Raises:
        ConfigError: The file cannot be read as candidates, or an id comes twice.
    """
    out: dict[Hashable, str] = {}
    for where, row in _rows(path):
        i = _id(row, where)
        key = next((name for name in _CAPTIONS if isinstance(row.get(name), str)), None)
        if key is None:
            raise ConfigError(f"{where} has no candidate. Expected one of: {', '.join(_CAPTIONS)}.")
        if i in out:
            raise ConfigError(f"{where}: {i!r} has a candidate already. Give exactly one an item.")
        out[i] = row[key]
    if not out:
        raise ConfigError(f"{path} holds no candidates.")
    return out


def read_frequencies(path: Path, language: str = "en") -> DocumentFrequencies | list[list[str]]:
    """Read document frequencies, or the references of another corpus in which to count them.

    Raises:
        ConfigError: The file holds neither.
    """
    if _suffix(path) == ".json":
        found = _json(_read(path), str(path))
        if isinstance(found, Mapping) and {"documents", "counts"} <= found.keys():
            return DocumentFrequencies.load(path)
    return list(read_references(path, language).values())


def _of_row(row: Mapping[str, Any], where: str, language: str) -> list[tuple[Hashable, list[str]]]:
    """Return the references of one row; they may be in one field or in numbered columns."""
    i = _id(row, where)
    for name in (f"references_{language}", *_REFERENCES):
        value = row.get(name)
        if isinstance(value, str):
            return [(i, [value])]
        if isinstance(value, Sequence) and all(isinstance(text, str) for text in value):
            return [(i, list(value))]
    numbered = [
        row[key] for key in row if str(key).startswith(("reference_", "caption_", "ref_")) and row[key]
    ]
    if numbered:
        return [(i, numbered)]
    raise ConfigError(f"{where} has no references. Expected a field references with a list of texts.")


def _id(row: Mapping[str, Any], where: str) -> Hashable:
    for name in _IDS:
        if isinstance(row.get(name), (str, int)):
            return str(row[name]) if isinstance(row[name], str) else int(row[name])
    raise ConfigError(f"{where} has no id. Expected one of: {', '.join(_IDS)}.")


def _rows(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the rows of a file, each with words that say where it stands."""
    suffix = _suffix(path)
    if suffix in _CUES:
        return [(f"{path} cue {n}", {"id": n, "text": cue.text}) for n, cue in enumerate(_cues(path), 1)]
    text = _read(path)
    if suffix == ".txt":
        lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")
        return [(f"{path} line {n}", _line(n, line.rstrip("\r"))) for n, line in enumerate(lines, 1)]
    if suffix in (".csv", ".tsv"):
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if suffix == ".tsv" else ",")
        return [(f"{path} row {n}", row) for n, row in enumerate(reader, 2)]
    if suffix == ".jsonl":
        lines = text.split("\n")
        return [
            (f"{path} line {n}", _json(line, f"{path} line {n}")) for n, line in enumerate(lines, 1) if line
        ]
    if suffix == ".json":
        return _json_rows(_json(text, str(path)), path)
    raise ConfigError(
        f"{path} has no ending of a known format. Known: .json, .jsonl, .csv, .tsv, .txt, .srt, .vtt, each "
        "also with .gz."
    )


def _line(number: int, line: str) -> dict[str, Any]:
    """Return a text line as a row; references of one item may stand side by side with tabs between them."""
    return {"id": number, "references": line.split("\t"), "caption": line}


def _json_rows(found: Any, path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    if isinstance(found, Mapping) and isinstance(found.get("annotations"), Sequence):
        found = found["annotations"]  # COCO
    elif isinstance(found, Mapping) and isinstance(found.get("sentences"), Sequence):
        found = found["sentences"]  # MSR-VTT
    elif isinstance(found, Mapping):
        found = [_entry(i, value) for i, value in found.items()]
    if not isinstance(found, list):
        raise ConfigError(f"{path} is neither a list nor an object of captions.")
    rows = []
    for n, row in enumerate(found):
        row = row if isinstance(row, Mapping) else _entry(n, row)
        rows.append((f"{path} entry {n}", row))
    return rows


def _entry(i: Hashable, value: Any) -> dict[str, Any]:
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    return {"id": i, "references": [value] if isinstance(value, str) else value, "caption": one}


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{where} is not JSON: {error}.") from error


def _cues(path: Path) -> list[Any]:
    return read_cues(_read(path), str(path))


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix.lower() if path.suffix == ".gz" else path.suffix.lower()


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}. Convert it to UTF-8.") from error
