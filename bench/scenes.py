"""How far one modality gets in scenes: CIDEr-D of speakers who see and hear perfectly, or lack one or both.

Each speaker knows how scenes are made and recognises all of what it can see or hear; the rest it guesses. No
trained model that lacks a modality can be expected to beat the best of them, so these are ceilings.

With --captions it tells instead how often a trained bundle names each fact rightly, kind by kind.

Run: python -m bench.scenes [--items N] [--json]
     python -m bench.scenes --captions FOLDER --manifest MANIFEST   (FOLDER: --output of `zimu evaluate`)
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np

from zimu.data.manifest import read_manifest
from zimu.data.scenes import (
    KINDS,
    SOUNDS,
    Facts,
    Thing,
    facts_named,
    scene_facts,
    scene_references,
    sentences,
    split_of,
)
from zimu.metrics.card import score
from zimu.text.languages import split

Speaker = Callable[[Facts, np.random.Generator, str], str]


def _say(thing: Thing | None, sound: str | None, language: str) -> str:
    return sentences(thing, sound, language)[0]


def _acting(facts: Facts, rng: np.random.Generator, many: int = 1) -> list[Thing]:
    acting = [thing for thing in facts.things if thing.motion != "still"]
    return [acting[i] for i in rng.permutation(len(acting))[:many]]


def _any_thing(rng: np.random.Generator) -> Thing:
    return scene_facts(1, int(rng.integers(2**31)), {"seen": 1.0}).things[0]


def full(facts: Facts, _: np.random.Generator, language: str) -> str:
    """Sees and hears."""
    return _say(facts.named_thing, facts.named_sound, language)


def deaf(facts: Facts, rng: np.random.Generator, language: str) -> str:
    """Sees; picks one of the objects that act, and any sound where many objects act."""
    things = _acting(facts, rng)
    sound = str(rng.choice(SOUNDS)) if facts.kind == "matched" or not things else None
    return _say(things[0] if things else None, sound, language)


def deaf_silent(facts: Facts, rng: np.random.Generator, language: str) -> str:
    """Sees; names no sound."""
    things = _acting(facts, rng)
    return _say(things[0], None, language) if things else deaf(facts, rng, language)


def deaf_hedging(facts: Facts, rng: np.random.Generator, language: str) -> str:
    """Sees; names two objects in one breath to be half right more often."""
    things = _acting(facts, rng, 2)
    if len(things) < 2:
        return deaf(facts, rng, language)
    return " ".join(_say(thing, None, language).rstrip(".。") for thing in things)


def blind(facts: Facts, rng: np.random.Generator, language: str) -> str:
    """Hears; picks one of the sounds, and any object; the number of sounds tells whether one is needed."""
    thing = None if facts.kind == "heard" else _any_thing(rng)
    sound = facts.sounds[rng.integers(len(facts.sounds))].name if facts.sounds else None
    return _say(thing, sound, language)


def blind_brief(facts: Facts, rng: np.random.Generator, language: str) -> str:
    """Hears; names a sound only."""
    if not facts.sounds:
        return blind(facts, rng, language)
    return _say(None, facts.sounds[rng.integers(len(facts.sounds))].name, language)


def blind_hedging(facts: Facts, rng: np.random.Generator, language: str) -> str:
    """Hears; names two sounds."""
    names = [facts.sounds[i].name for i in rng.permutation(len(facts.sounds))[:2]]
    if len(names) < 2:
        return blind(facts, rng, language)
    return " ".join(_say(None, name, language).rstrip(".。") for name in names)


def both_lacking(facts: Facts, rng: np.random.Generator, language: str) -> str:
    """Neither sees nor hears; guesses a scene."""
    return full(scene_facts(1, int(rng.integers(2**31))), rng, language)


SPEAKERS: dict[str, Speaker] = {
    "sees and hears": full,
    "deaf": deaf,
    "deaf, silent on sounds": deaf_silent,
    "deaf, names two objects": deaf_hedging,
    "blind": blind,
    "blind, sound only": blind_brief,
    "blind, names two sounds": blind_hedging,
    "deaf and blind": both_lacking,
}

# How captions are split: {name: (language, splitter)}.
TOKENS = {
    "English words": ("en", "words"),
    "Chinese characters": ("zh", "characters"),
    "Chinese words": ("zh", "jieba"),
}


def _test_scenes(items: int, seed: int) -> list[Facts]:
    def scenes() -> Iterator[Facts]:
        for index in count():
            if split_of(facts := scene_facts(seed, index), 0.1, 0.1) == "test":
                yield facts

    return [facts for facts, _ in zip(scenes(), range(items), strict=False)]


def table(items: int = 1500, seed: int = 0) -> dict[str, dict[str, dict[str, float]]]:
    """Return {tokens: {speaker: {"all" or a kind: CIDEr-D, "share": of the full speaker's}}}."""
    scenes = _test_scenes(items, seed)
    out: dict[str, dict[str, dict[str, float]]] = {}
    for name, (language, splitter) in TOKENS.items():

        def tokens(text: str, splitter: str = splitter) -> str:
            return " ".join(split(text, splitter))

        truth = {f.index: [tokens(text) for text in scene_references(f)[language]] for f in scenes}
        said = {
            speaker: {
                f.index: tokens(speak(f, np.random.default_rng((7, f.index)), language)) for f in scenes
            }
            for speaker, speak in SPEAKERS.items()
        }
        common = Counter(text for texts in truth.values() for text in texts).most_common(1)[0][0]
        said["most common caption"] = dict.fromkeys(truth, common)
        rows = out[name] = {}
        for speaker, texts in said.items():
            each = score(truth, texts, metrics=["cider_d"], tokens=True)["cider_d"].per_item
            rows[speaker] = {"all": float(np.mean(list(each.values())))}
            for kind in KINDS:
                rows[speaker][kind] = float(np.mean([each[f.index] for f in scenes if f.kind == kind]))
        for row in rows.values():
            row["share"] = row["all"] / rows["sees and hears"]["all"]
    return out


GROUPS = ("sound", "object", "size", "colour", "shape", "motion")


def named(folder: Path, manifest: Path) -> Iterator[str]:
    """Yield the lines of a Markdown table: of the captions of each kind, how many name each fact rightly."""
    facts = {s.id: Facts.from_json(s.extra["facts"]) for s in read_manifest(manifest)}
    yield "| language | kind | " + " | ".join(GROUPS) + " | everything |"
    yield "|---|---|" + "---|" * (len(GROUPS) + 1)
    for path in sorted(folder.glob("captions.*.jsonl")):
        language = path.suffixes[0][1:]
        rows: dict[str, list[dict[str, bool]]] = defaultdict(list)
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            found = facts_named(row["caption"], facts[row["id"]], language)
            rows[facts[row["id"]].kind].append(found)
        for kind in KINDS:
            cells = [_share([r[g] for r in rows[kind] if g in r]) for g in GROUPS]
            cells.append(_share([all(r.values()) for r in rows[kind]]))
            yield f"| {language} | {kind} | " + " | ".join(cells) + " |"


def _share(right: list[bool]) -> str:
    return f"{np.mean(right):.1%} ({sum(right)}/{len(right)})" if right else ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1500)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--captions", type=Path, help="folder of captions.LANGUAGE.jsonl")
    parser.add_argument("--manifest", type=Path, help="of the scenes that were captioned")
    options = parser.parse_args()
    if options.captions:
        print("\n".join(named(options.captions, options.manifest)))
        return
    result = table(options.items)
    if options.json:
        print(json.dumps(result))
        return
    for name, rows in result.items():
        print(
            f"{name}, {options.items} test scenes {'all':>9} {'share':>6} "
            + " ".join(f"{k:>8}" for k in KINDS)
        )
        for speaker, row in rows.items():
            kinds = " ".join(f"{row[kind]:8.2f}" for kind in KINDS)
            print(f"  {speaker:26} {row['all']:6.2f} {row['share']:6.3f} {kinds}")


if __name__ == "__main__":
    main()
