"""An evaluation for people: scores beside their baselines, the truth test, and the worst samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from zimu.data.manifest import Sample
from zimu.metrics.card import ScoreCard
from zimu.training.evaluation import CONDITIONS, Evaluation

__all__ = ["report", "write_evaluation"]

_WORST = 20
_SHOWN_REFERENCES = 2


def report(result: Evaluation, samples: Sequence[Sample], metric: str) -> str:
    """Return a Markdown page.

    Args:
        result: From `evaluate`.
        samples: Those that were scored.
        metric: By which the worst are chosen.
    """
    parts = []
    for language in result.captions["all"]:
        cards = {name: row[language] for name, row in result.cards.items() if language in row}
        if cards:
            parts.append("\n".join(_section(result, cards, samples, language, metric)))
    return "\n\n".join(parts) + "\n"


def _section(
    result: Evaluation, cards: Mapping[str, ScoreCard], samples: Sequence[Sample], language: str, metric: str
) -> Iterator[str]:
    names = list(cards["all"])
    first = next(iter(cards["all"].values()))
    yield f"## {language}: {first.conditions.items} samples\n"
    yield f"`{first.signature}`\n"
    yield f"Captions that no other sample got: {result.distinct[language]:.1%}.\n"
    yield "| | " + " | ".join(names) + " |"
    yield "|---|" + "---|" * len(names)
    for name, card in cards.items():
        cells = [f"{card[n].value:.4f}" if n in card else "" for n in names]
        if name == "all":
            spans = [card[n].interval for n in names]
            cells = [f"**{c}** [{a:.4f}, {b:.4f}]" for c, (a, b) in zip(cells, spans, strict=True)]
        yield f"| {CONDITIONS.get(name, name)} | " + " | ".join(cells) + " |"
    yield f"\n### The worst {_WORST} by {metric}\n"
    yield f"| sample | {metric} | caption | references |"
    yield "|---|---|---|---|"
    by_id = {s.id: s for s in samples}
    for sample, value in worst(result, language, metric):
        text = result.captions["all"][language][sample]
        references = " / ".join(by_id[sample].references[language][:_SHOWN_REFERENCES])
        yield f"| {sample} | {value:.3f} | {_cell(text)} | {_cell(references)} |"


def worst(result: Evaluation, language: str, metric: str, count: int = _WORST) -> Iterator[tuple[str, float]]:
    """Yield the ids and scores of the samples that were captioned worst."""
    per_item = result.cards["all"][language][metric].per_item
    order = sorted(per_item.items(), key=lambda item: item[1], reverse=metric in ("wer", "cer"))
    yield from ((str(i), float(v)) for i, v in order[:count])


def write_evaluation(result: Evaluation, samples: Sequence[Sample], metric: str, folder: Path) -> None:
    """Write captions, scores and the page.

    Args:
        result: From `evaluate`.
        samples: Those that were scored.
        metric: By which the worst are chosen.
        folder: Gets `captions.LANGUAGE.jsonl`, `scores.json` and `report.md`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for language, texts in result.captions["all"].items():
        lines = [json.dumps({"id": i, "caption": t}, ensure_ascii=False) for i, t in texts.items()]
        _write(folder / f"captions.{language}.jsonl", "\n".join(lines) + "\n")
    cards = {c: {k: card.to_dict() for k, card in row.items()} for c, row in result.cards.items()}
    content = {"distinct": dict(result.distinct), "conditions": cards}
    _write(folder / "scores.json", json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    _write(folder / "report.md", report(result, samples, metric))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, "utf-8")
    beside.replace(path)
