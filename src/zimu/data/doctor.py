"""What is wrong with a manifest and its media, and what is in it."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zimu.data import texts
from zimu.data.duplicates import near_pairs, same_content
from zimu.data.examine import LEVEL_S, Examined, examine_all
from zimu.data.manifest import Sample, read_rows

__all__ = ["PROBLEMS", "SHORT_S", "SILENT_DB", "Finding", "MediaStatistics", "Report", "diagnose"]

# What is looked for, in the order of a report.
PROBLEMS = {
    "bad_row": "rows that cannot be read",
    "missing_media": "media files that are not there",
    "unreadable": "media that cannot be decoded",
    "damaged": "media that are damaged or cut short",
    "no_audio": "videos without sound",
    "silent_audio": "clips whose sound is silent",
    "short": "clips under one second",
    "span_outside": "spans that end after the file",
    "same_media": "files with the same content",
    "leaked_media": "the same content in two splits",
    "leaked_picture": "nearly the same picture or video in two splits",
    "leaked_caption": "captions that stand in two splits",
    "repeated_caption": "captions that stand twice in a sample",
    "wrong_language": "captions in another language than said",
    "damaged_text": "captions with characters that were lost",
    "wordless": "captions without a word",
    "no_reference": "samples without caption, label or target",
    "missing_language": "samples that lack a language others have",
}

SHORT_S = 1.0
# The loudest tenth of a second of a silent clip is below this.
SILENT_DB = -50.0
# Containers round the length of their last frame and packet.
_SLACK_S = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        problem: A key of `PROBLEMS`.
        ids: The samples it is about; empty where the row has none.
        detail: What exactly.
    """

    problem: str
    ids: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class MediaStatistics:
    """The media of one split.

    Attributes:
        samples: Samples.
        hours: Their length together; 0 for pictures.
        seconds: Shortest, mean and longest clip, or None for pictures.
        with_audio: Share of the samples that have sound, 0 to 1.
        sizes: The most frequent picture sizes, as {"320x240": count}.
    """

    samples: int
    hours: float
    seconds: tuple[float, float, float] | None
    with_audio: float
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """What `diagnose` found.

    Attributes:
        manifest: The file.
        samples: Rows that could be read.
        findings: All that is wrong, in the order of `PROBLEMS`.
        media: {split: numbers}; empty where media were not looked at.
        languages: {language: {split: numbers}}.
    """

    manifest: Path
    samples: int
    findings: tuple[Finding, ...]
    media: Mapping[str, MediaStatistics]
    languages: Mapping[str, Mapping[str, texts.TextStatistics]]

    def count(self, problem: str) -> int:
        """Return how many findings there are of a problem."""
        return sum(f.problem == problem for f in self.findings)


def diagnose(
    manifest: str | Path,
    *,
    jobs: int | None = None,
    media: bool = True,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Report:
    """Examine a manifest, its texts and every media file it names.

    Args:
        manifest: A .jsonl, .csv or .parquet file.
        jobs: Processes that decode; None is one a core.
        media: Decode the media; without it only rows and texts are looked at.
        progress: Called with the files done and the files in all.

    Raises:
        ConfigError: There is no manifest, or it is of no known format.
    """
    path = Path(manifest)
    samples, errors = read_rows(path)
    findings = [Finding("bad_row", (), line) for line in errors.lines]
    examined: dict[Path, Examined] = {}
    if media:
        files = {p: modality for s in samples for modality, p in s.media.items()}
        examined = examine_all(files, jobs or os.cpu_count() or 1, lambda done: progress(done, len(files)))
        for sample in samples:
            findings += _media_findings(sample, examined)
        findings += _duplicates(samples, examined)
    findings += _text_findings(samples)
    order = list(PROBLEMS)
    findings.sort(key=lambda f: order.index(f.problem))
    return Report(
        path,
        len(samples),
        tuple(findings),
        _media_statistics(samples, examined) if media else {},
        texts.statistics(samples),
    )


def _length(sample: Sample, found: Examined) -> float:
    end = found.duration if sample.end is None else min(float(sample.end), found.duration)
    return end - float(sample.start or 0)


def _media_findings(sample: Sample, examined: Mapping[Path, Examined]) -> Iterator[Finding]:
    ids = (sample.id,)
    for path in sample.media.values():
        found = examined[path]
        if found.error:
            yield Finding("unreadable" if path.is_file() else "missing_media", ids, f"{path}: {found.error}")
        for warning in found.warnings:
            yield Finding("damaged", ids, warning)
    timed = {m: examined[p] for m, p in sample.media.items() if m in ("video", "audio")}
    timed = {m: found for m, found in timed.items() if not found.error and not found.is_still}
    if not timed:
        return
    if not any(found.has_audio for found in timed.values()):
        yield Finding("no_audio", ids, "no sound stream")
    for found in timed.values():
        yield from _span_findings(sample, found)


def _span_findings(sample: Sample, found: Examined) -> Iterator[Finding]:
    ids = (sample.id,)
    if sample.end is not None and float(sample.end) > found.duration + _SLACK_S:
        detail = f"ends at {float(sample.end):.2f} s, the file at {found.duration:.2f} s"
        yield Finding("span_outside", ids, detail)
    if (seconds := _length(sample, found)) < SHORT_S:
        yield Finding("short", ids, f"{max(0.0, seconds):.2f} s")
    if found.has_audio:
        first = int(float(sample.start or 0) / LEVEL_S)
        last = None if sample.end is None else max(first + 1, round(float(sample.end) / LEVEL_S))
        loudest = found.levels[first:last].max(initial=-100.0)
        if loudest < SILENT_DB:
            yield Finding("silent_audio", ids, f"loudest tenth of a second at {loudest:.0f} dB of full scale")


def _duplicates(samples: Sequence[Sample], examined: Mapping[Path, Examined]) -> Iterator[Finding]:
    users: dict[Path, list[Sample]] = defaultdict(list)
    by_split: dict[str, dict[Path, None]] = defaultdict(dict)
    for sample in samples:
        for path in sample.media.values():
            users[path].append(sample)
            by_split[sample.split][path] = None

    def finding(problem: str, paths: Iterable[Path]) -> Finding:
        named = sorted(paths)
        used = [s for p in named for s in users[p]]
        splits = sorted({s.split for s in used})
        detail = " = ".join(p.name for p in named) + (f" in {', '.join(splits)}" if len(splits) > 1 else "")
        return Finding(problem, tuple(dict.fromkeys(s.id for s in used)), detail)

    same = same_content(examined)
    grouped = {path for paths in same for path in paths}
    for paths in [*same, *([path] for path in examined if path not in grouped)]:
        if len({s.split for p in paths for s in users[p]}) > 1:
            yield finding("leaked_media", paths)
        elif len({p.resolve() for p in paths}) > 1:
            yield finding("same_media", paths)
    for pair in near_pairs([list(paths) for paths in by_split.values()], examined):
        yield finding("leaked_picture", pair)


def _text_findings(samples: Sequence[Sample]) -> Iterator[Finding]:
    having = Counter(language for s in samples for language, found in s.references.items() if found)
    common = [language for language, count in having.items() if count * 2 > len(samples)]
    for sample in samples:
        ids = (sample.id,)
        if not any(sample.references.values()) and sample.label is None and sample.target is None:
            yield Finding("no_reference", ids, "nothing to learn from")
        elif sample.references:
            for language in common:
                if not sample.references.get(language):
                    yield Finding("missing_language", ids, f"no reference in {language}")
        for language, text in texts.repeated(sample):
            yield Finding("repeated_caption", ids, f"{text} ({language})")
        for language, found in sample.references.items():
            yield from _wrong_texts(ids, language, found)
    for (language, text), splits in texts.shared_between_splits(samples).items():
        named = tuple(name for names in splits.values() for name in names)
        shown = text.replace(" ", "") if language == "zh" else text
        yield Finding("leaked_caption", named, f"{shown} ({language}, in {', '.join(sorted(splits))})")


def _wrong_texts(ids: tuple[str, ...], language: str, found: Iterable[str]) -> Iterator[Finding]:
    for text in found:
        script = texts.main_script(text)
        if language.partition("-")[0] in ("en", "zh") and script not in (None, language.partition("-")[0]):
            yield Finding("wrong_language", ids, f"{text} ({script} under {language})")
        if "\ufffd" in text:
            yield Finding("damaged_text", ids, f"{text} ({language})")
        if not any(c.isalnum() for c in text):
            yield Finding("wordless", ids, f"{text} ({language})")


def _media_statistics(
    samples: Sequence[Sample], examined: Mapping[Path, Examined]
) -> dict[str, MediaStatistics]:
    grouped: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        grouped[sample.split].append(sample)
    return {name: _split_statistics(part, examined) for name, part in grouped.items()}


def _split_statistics(samples: Sequence[Sample], examined: Mapping[Path, Examined]) -> MediaStatistics:
    seconds: list[float] = []
    sizes: Counter[str] = Counter()
    audible = 0
    for sample in samples:
        readable = [examined[p] for p in sample.media.values() if not examined[p].error]
        audible += any(found.has_audio for found in readable)
        seconds += [_length(sample, found) for found in readable if found.duration][:1]
        sizes.update(f"{found.size[0]}x{found.size[1]}" for found in readable if found.size)
    return MediaStatistics(
        samples=len(samples),
        hours=sum(seconds) / 3600,
        seconds=(min(seconds), sum(seconds) / len(seconds), max(seconds)) if seconds else None,
        with_audio=audible / len(samples),
        sizes=dict(sizes.most_common(3)),
    )
