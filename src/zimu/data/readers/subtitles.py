"""Any folder of videos, sounds or pictures with subtitle or text files beside them.

`talk.mp4` belongs to `talk.srt`, `talk.vtt`, `talk.txt`, and with a language `talk.zh.srt`, `talk.en.txt`.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from zimu.data.manifest import Sample
from zimu.data.readers.layout import Reader, find_files, missing_layout, read_lines
from zimu.data.rows import language_of, modality_of
from zimu.errors import ConfigError
from zimu.subtitles.files import read as read_cues

__all__ = ["READER", "read_folder", "share_out"]

_log = logging.getLogger(__name__)
_LAYOUT = "media (talk.mp4) with talk.srt, talk.vtt or talk.txt beside them; talk.zh.srt names the language"
_SUBTITLES = (".srt", ".vtt", ".ass", ".ssa")

# What people write between the stem and the suffix.
_TAGS = {"zh": "zh", "chi": "zh", "zho": "zh", "cn": "zh", "chs": "zh", "cht": "zh", "en": "en", "eng": "en"}

# In a bilingual file each language has at least this share of the lines.
_BILINGUAL = 0.25

# {(start_ms, end_ms) or None for the whole file: {language: texts}}
Texts = dict[tuple[int, int] | None, dict[str, list[str]]]


def read_folder(
    source: Path, *, whole: bool = False, lines: bool = False, language: str | None = None
) -> Iterator[Sample]:
    """Yield the samples of a folder and its subfolders.

    Args:
        source: The folder.
        whole: Make one sample of a file with all its text, instead of one of each cue.
        lines: Take each line of a .txt file as a reference of its own, instead of its text as one.
        language: What files without a language in their name are in. None tells each line by its script, so
            that bilingual subtitles become references in two languages.

    Raises:
        ConfigError: No text lies beside any media file.
    """
    source = source.absolute()
    media: dict[Path, dict[str, Path]] = defaultdict(dict)
    texts: dict[Path, list[tuple[Path, str | None]]] = defaultdict(list)
    for path in find_files(source, r"[^.].*"):
        if path.suffix.lower() in (*_SUBTITLES, ".txt"):
            stem, told = _stem_and_language(path)
            texts[stem].append((path, told or language))
        elif modality_of(path) in ("video", "audio", "image"):
            media[path.with_suffix("")][str(modality_of(path))] = path
    if not media.keys() & texts.keys():
        raise missing_layout(source, _LAYOUT)
    for stem in sorted(media.keys() - texts.keys()):
        _log.warning(
            "%s has no subtitle or text file beside it and is left out.", next(iter(media[stem].values()))
        )
    together = sorted(media.keys() & texts.keys())
    return (
        sample
        for stem in together
        for sample in _samples(stem.relative_to(source).as_posix(), media[stem], texts[stem], whole, lines)
    )


def _stem_and_language(path: Path) -> tuple[Path, str | None]:
    stem, _, tag = path.stem.rpartition(".")
    told = _TAGS.get(tag.lower().partition("-")[0]) if stem else None
    return (path.with_name(stem), told) if told else (path.with_suffix(""), None)


def _samples(
    name: str, media: dict[str, Path], files: list[tuple[Path, str | None]], whole: bool, lines: bool
) -> Iterator[Sample]:
    found: Texts = defaultdict(lambda: defaultdict(list))
    for path, language in files:
        if path.suffix.lower() == ".txt":
            _take_text(path, language, lines, found)
        else:
            _take_cues(path, language, whole, found)
    number = 0
    for times in sorted(found, key=lambda t: t or (-1, -1)):
        references = {language: tuple(texts) for language, texts in found[times].items()}
        if times is None:
            yield Sample(name, media, references=references)
            continue
        number += 1
        start, end = (Fraction(ms, 1000) for ms in times)
        yield Sample(f"{name}#{number:04d}", media, start, end, references=references)


def _take_text(path: Path, language: str | None, lines: bool, found: Texts) -> None:
    for told, texts in _by_language(read_lines(path), _teller(read_lines(path), language, path)).items():
        found[None][told] += texts if lines else [_joined(texts, told)]


def _take_cues(path: Path, language: str | None, whole: bool, found: Texts) -> None:
    cues = [cue for cue in read_cues(path) if cue.lines]
    shown = [line for cue in cues for line in cue.lines]
    tell = _teller(shown, language, path)
    if whole:
        for told, texts in _by_language(shown, tell).items():
            found[None][told].append(_joined(texts, told))
        return
    for cue in cues:
        if cue.start_ms < 0 or cue.end_ms <= cue.start_ms:
            _log.warning("%s: the cue at %d ms is shown for no time and is left out.", path, cue.start_ms)
            continue
        for told, texts in _by_language(cue.lines, tell).items():
            found[cue.start_ms, cue.end_ms][told].append(_joined(texts, told))


def _teller(lines: Sequence[str], language: str | None, path: Path) -> Callable[[str], str]:
    """Return what tells a line's language: the given one, else that of the file, else the line's script."""
    if language is not None:
        return lambda line: language
    counted = Counter(told for line in lines if (told := language_of(line)))
    if not counted:
        raise ConfigError(
            f"The language of {path} cannot be told. Name it {path.stem}.en{path.suffix}, or pass --language."
        )
    main = counted.most_common(1)[0][0]
    # A name in Latin letters does not make a Chinese file bilingual; every second line does.
    if min(counted.values()) < _BILINGUAL * counted.total() or len(counted) == 1:
        return lambda line: main
    return lambda line: language_of(line) or main


def _by_language(lines: Iterable[str], tell: Callable[[str], str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        grouped[tell(line)].append(line)
    return grouped


def _joined(texts: Sequence[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(texts)


def share_out(samples: Iterable[Sample], val: float, test: float) -> Iterator[Sample]:
    """Yield the samples with a split; those of one file stay together.

    Files are ordered by a hash of their name, the same everywhere; the first go to val, the next to test.

    Args:
        samples: Samples of `read_folder`; they are held.
        val: The share of the files for "val", 0 to 1; at least one file where there are three.
        test: The share for "test", likewise.
    """
    held = list(samples)
    names = {s.id.partition("#")[0] for s in held}
    order = sorted(names, key=lambda n: hashlib.sha256(n.encode()).digest())
    counts = [max(1, round(share * len(order))) if share and len(order) > 2 else 0 for share in (val, test)]
    splits = dict.fromkeys(order, "train")
    splits |= dict.fromkeys(order[: counts[0]], "val")
    splits |= dict.fromkeys(order[counts[0] : sum(counts)], "test")
    for sample in held:
        yield replace(sample, split=splits[sample.id.partition("#")[0]])


READER = Reader(
    "your own videos, sounds or pictures with SRT, VTT, ASS or TXT files beside them",
    "any folder; see also `zimu data from-folder`",
    "yours",
    _LAYOUT,
    read_folder,
)
