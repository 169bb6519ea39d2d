"""zimu score: candidates against references."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zimu.errors import ConfigError

if TYPE_CHECKING:
    from zimu.metrics.card import ScoreCard, ScoreSettings
    from zimu.metrics.significance import Comparison

__all__ = ["score"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(name="score")
@click.argument("references", metavar="REFS", type=_FILE)
@click.argument("candidates", metavar="CANDS", type=_FILE)
@click.option(
    "--metrics", default="bleu,rouge_l,cider_d", show_default=True, help="Names with commas between."
)
@click.option("--language", default="en", show_default=True, type=click.Choice(["en", "zh"]))
@click.option("--tokens", is_flag=True, help="The captions are tokens already, with blanks between them.")
@click.option("--split", default="", help="The name of the part of the data, for the signature.")
@click.option(
    "--compare", "others", metavar="OTHER", type=_FILE, multiple=True, help="Other candidates to test."
)
@click.option("--ceiling", is_flag=True, help="Also score each reference against the others.")
@click.option("--each-alone", is_flag=True, help="Tokenise each caption by itself.")
@click.option(
    "--script", default="", type=click.Choice(["", "simplified", "traditional"]), help="Unify Chinese."
)
@click.option(
    "--frequencies", type=_FILE, help="Document frequencies for CIDEr, or references to count them in."
)
@click.option("--draws", default=1000, show_default=True, type=click.IntRange(1), help="Bootstrap samples.")
@click.option(
    "--trials", default=10000, show_default=True, type=click.IntRange(1), help="Swaps for --compare."
)
@click.option("--seed", default=12345, show_default=True, type=int)
@click.option("--java", type=_FILE, help="The Java program, for METEOR and SPICE.")
@click.option("--meteor-jar", type=_FILE, help="meteor-1.5.jar, beside its folder data.")
@click.option("--spice-jar", type=_FILE, help="spice-1.0.jar, beside its folder lib.")
@click.option("--per-item", type=_FILE, help="Write each item's scores; .csv, or .jsonl.")
@click.option("--html", type=_FILE, help="Write a report page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def score(references: Path, candidates: Path, others: tuple[Path, ...], **options: Any) -> None:
    """Score candidate captions against references.

    REFS and CANDS are COCO JSON, JSONL, CSV, text lines, or two SRT or VTT files. The metrics suber, timing
    and breaks score whole subtitle files of any format that zimu reads.
    """
    from zimu.metrics.card import score as run
    from zimu.metrics.readers import read_pair

    # Warnings are part of the card and printed from there.
    logging.getLogger("zimu.metrics").addHandler(logging.NullHandler())
    language = options["language"]
    common = {name: options[name] for name in ("language", "tokens", "split")}
    common |= {"metrics": options["metrics"].replace(" ", "").split(","), "settings": _settings(options)}
    refs: dict[Any, Any] = {}
    if _are_of_cues(common["metrics"]):
        _refuse(options)
        card, *rest = _score_cues(references, [candidates, *others], common)
    else:
        refs, cands = read_pair(references, candidates, language)
        card = run(refs, cands, **common)
        rest = [run(*read_pair(references, path, language), **common) for path in others]
    cards = dict(zip([_name(path, others) for path in others], rest, strict=True))
    comparisons = _compare(card, cards, options)
    ceiling = _ceiling(refs, common) if options["ceiling"] else None
    _write(card, candidates, options)
    for name, some in {candidates.name: card, **cards}.items():
        for warning in some.warnings:
            click.echo(f"zimu: {name}: {warning}", err=True)
    if options["as_json"]:
        found = card.to_dict()
        found |= {"comparisons": [c.to_dict() for c in comparisons]} if others else {}
        found |= {"ceiling": ceiling.to_dict()["scores"]} if ceiling else {}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print_card(card, ceiling)
        for name in cards:
            _print_comparison(name, [c for c in comparisons if c.system == name], options)


def _are_of_cues(metrics: list[str]) -> bool:
    """Return whether metrics are of whole subtitle files."""
    from zimu.metrics.cue_scores import CUE_METRICS

    of_cues = [name for name in metrics if name in CUE_METRICS]
    if of_cues and len(of_cues) < len(metrics):
        raise ConfigError(
            f"{', '.join(of_cues)} is of whole subtitle files, the other metrics are of single captions. "
            "Ask for them in two calls."
        )
    return bool(of_cues)


def _refuse(options: dict[str, Any]) -> None:
    if options["ceiling"]:
        raise ConfigError(
            "--ceiling scores each reference against the others, and subtitle files have one reference. "
            "Leave it out."
        )
    if options["tokens"]:
        raise ConfigError(
            "--tokens does not go with metrics of whole subtitle files, which split the text themselves. "
            "Leave it out."
        )


def _score_cues(references: Path, systems: list[Path], common: dict[str, Any]) -> list[ScoreCard]:
    """Return a card a system, all on the same items."""
    from zimu.metrics.cue_scores import score_cues
    from zimu.metrics.cues import Cue
    from zimu.subtitles.files import read

    reference, *files = [
        [Cue(c.start_ms, c.end_ms, c.lines) for c in read(path)] for path in (references, *systems)
    ]
    given = {name: value for name, value in common.items() if name != "tokens"}
    return [score_cues(reference, cues, beside=files, **given) for cues in files]


def _settings(options: dict[str, Any]) -> ScoreSettings:
    from zimu.metrics.card import ScoreSettings
    from zimu.metrics.java import JavaTools
    from zimu.metrics.readers import read_frequencies

    frequencies = options["frequencies"]
    return ScoreSettings(
        each_alone=options["each_alone"],
        script=options["script"],
        frequencies=read_frequencies(frequencies, options["language"]) if frequencies else None,
        draws=options["draws"],
        seed=options["seed"],
        java=JavaTools(options["java"], options["meteor_jar"], options["spice_jar"]),
    )


def _name(path: Path, others: tuple[Path, ...]) -> str:
    """Return a system's name: the file's, with its folder where two files have the same."""
    alike = [other for other in others if other.name == path.name]
    return path.name if len(alike) == 1 else str(path)


def _compare(card: ScoreCard, cards: dict[str, ScoreCard], options: dict[str, Any]) -> list[Comparison]:
    if not cards:
        return []
    from zimu.metrics.significance import compare_cards

    return compare_cards(card, cards, draws=options["draws"], trials=options["trials"], seed=options["seed"])


def _ceiling(references: dict[Any, Any], common: dict[str, Any]) -> ScoreCard:
    from zimu.metrics.ceiling import human_ceiling

    return human_ceiling(references, **common)


def _write(card: ScoreCard, candidates: Path, options: dict[str, Any]) -> None:
    from zimu.metrics.output import write_items, write_whole
    from zimu.metrics.report import render_report
    from zimu.metrics.tokenise import modes_of

    if options["per_item"]:
        write_items(card, options["per_item"])
    if options["html"]:
        modes = modes_of(options["language"], tokens=options["tokens"], each_alone=options["each_alone"])
        page = render_report(card, mode=modes[-1], title=f"Caption scores of {candidates.name}")
        write_whole(options["html"], page)


def _print_card(card: ScoreCard, ceiling: ScoreCard | None) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for tokenisation in dict.fromkeys(score.conditions.tokenisation for score in card.values()):
        table = Table(box=None)
        table.add_column("score")
        table.add_column("value", justify="right")
        table.add_column("95 % interval", justify="right")
        if ceiling:
            table.add_column("people", justify="right")
        some = [score for score in card.values() if score.conditions.tokenisation == tokenisation]
        for score in some:
            low, high = score.interval
            row = [score.name, f"{score.value:.4f}", f"{low:.4f} to {high:.4f}"]
            table.add_row(*row, *([f"{ceiling[score.name].value:.4f}"] if ceiling else []))
        console.print(f"Tokenisation {tokenisation}", highlight=False)
        console.print(table)
        for signature in dict.fromkeys(score.signature.split("|", 1)[1] for score in some):
            console.print(signature.replace("|", " | "), style="dim", highlight=False)
        console.print()


def _print_comparison(name: str, rows: list[Comparison], options: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    table.add_column("score")
    for heading in ("first", "other", "difference", "95 % interval", "p boot.", "p rand."):
        table.add_column(heading, justify="right")
    for row in rows:
        low, high = row.interval
        numbers = [
            f"{row.value:.4f}",
            f"{row.other:.4f}",
            f"{row.difference:+.4f}",
            f"{low:+.4f}, {high:+.4f}",
        ]
        table.add_row(row.metric, *numbers, f"{row.p_bootstrap_holm:.4f}", f"{row.p_randomisation_holm:.4f}")
    console = Console()
    console.print(f"{name} against the first system", highlight=False)
    console.print(table)
    told = (
        f"paired bootstrap, {options['draws']} draws; approximate randomisation, {options['trials']} trials; "
        f"seed {options['seed']}; p corrected by Holm for the systems compared"
    )
    console.print(told, style="dim", highlight=False)
    console.print()
