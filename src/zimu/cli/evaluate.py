"""`zimu evaluate`: a bundle on a manifest, with baselines and the modality truth test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zimu.errors import ConfigError

if TYPE_CHECKING:
    from zimu.training.evaluation import Evaluation, Noise

__all__ = ["evaluate"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("bundle")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True, help="The part that is scored.")
@click.option("--metrics", default="bleu_4,rouge_l,cider_d", show_default=True, help="With commas.")
@click.option("--noise", help="White or babble noise on every clip, as babble:0 (decibels).")
@click.option("--conditions", help="Of the truth test, with commas; 'all' alone is the score  [every one]")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder for captions and scores.json.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    bundle: str,
    manifest: Path,
    split: str,
    metrics: str,
    noise: str | None,
    conditions: str | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """Score BUNDLE (a path or a shipped name) on the samples of MANIFEST."""
    from zimu.bundles.manifest import find_bundle
    from zimu.cli.progress import counting
    from zimu.data.manifest import read_manifest
    from zimu.training.evaluation import CONDITIONS
    from zimu.training.evaluation import evaluate as run
    from zimu.training.report import write_evaluation

    found, table = find_bundle(bundle), read_manifest(manifest)
    names = metrics.split(",")
    with counting(f"evaluating {found.name}") as show:
        result = run(
            found,
            table,
            split,
            metrics=names,
            conditions=conditions.split(",") if conditions else tuple(CONDITIONS),
            noise=_noise(noise),
            progress=show,
        )
    if output is not None:
        write_evaluation(result, table.part(split).samples, names[-1], output)
    if as_json:
        cards = {c: {k: card.to_dict() for k, card in row.items()} for c, row in result.cards.items()}
        click.echo(json.dumps({"conditions": cards, "distinct": dict(result.distinct)}, ensure_ascii=False))
    else:
        _print(result)
    return 0


def _noise(text: str | None) -> Noise | None:
    from zimu.training.evaluation import Noise

    if text is None:
        return None
    kind, _, ratio = text.partition(":")
    try:
        return Noise(kind, float(ratio))
    except ValueError as error:
        raise ConfigError(f"--noise {text!r} is not KIND:DECIBELS, for instance white:0.") from error


def _print(result: Evaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for language in result.captions["all"]:
        cards = {name: row[language] for name, row in result.cards.items() if language in row}
        if not cards:
            continue
        table = Table(
            "", *cards["all"], title=f"{language}: {result.distinct[language]:.0%} distinct captions"
        )
        for name, card in cards.items():
            cells = [
                f"{s.value:.4f}" + (_interval(s.interval) if name == "all" else "") for s in card.values()
            ]
            table.add_row(name, *cells)
        console.print(table)
        console.print(next(iter(cards["all"].values())).signature, soft_wrap=True)


def _interval(interval: tuple[float, float]) -> str:
    return f" [{interval[0]:.4f}, {interval[1]:.4f}]"
