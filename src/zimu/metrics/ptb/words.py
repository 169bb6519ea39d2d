"""The word lists of the tokeniser: abbreviations by what may follow them, sentence starters, double words."""

from __future__ import annotations

import re

__all__ = ["ABBREVIATIONS", "ENDERS", "NUMBERED", "STARTERS", "STOPPED", "TWO_PART", "choice"]

# Lower case here means either case in the text, a bracketed letter only itself.

# Abbreviations that can also end a sentence: before a capital their stop is read a second time.
ENDERS = (
    "al ala apr ariz assn aug bancorp bhd bldg blvd bros calif co colo conn corp cos ct dak dec ed\\.d "
    "esq est etc ext feb fla fri ga inc ind intl jan jr jul jun kan kans ky ltd mar md mich minn mo mon "
    "mont neb nev nov oct okla penn ph\\.d plc rd rt sep sept seq sq sr sys tel tenn thu thurs tue tues "
    "univ va vt wed wis wisc wyo [A]rk [A]z [D]el [I]ll [L]a [M]ass [M]iss [O]re [P]a [T]ex [W]ash "
    "p[t][e] p[t][e][s] p[p][t][e] p[p][t][e][s] p[t][y] p[t][y][s] p[p][t][y] p[p][t][y][s]"
)

# Abbreviations that stand before a name or a word.
ABBREVIATIONS = (
    "adj adm adv alex assoc asst atty attys ave brig capt cf cie cmdr col comdr cpl dept det dr drs elec "
    "ens ft gen gov govs hon insp invt jos lieut lt maj messrs mlle mme mr mrs ms msgr mt natl pfc ph "
    "pres prof profs pvt rep reps rev sen sens sfc sgt spc st ste supt supts treas vs wm m[f][g] m[t][g]"
)

# Abbreviations only before a number.
NUMBERED = "art bldg ca fig figs no nos op pp prop"

# After the stop of a single letter or an acronym, one of these with a capital starts a new sentence.
STARTERS = (
    "a about according additionally after an as at but earlier he her here however if in it last many "
    "more mr\\. ms\\. now once one other our she since so some such that the their then there these they "
    "this we what when while yet you"
)

# Words written together that are two: the first part has this many letters.
TWO_PART = {"cannot": 3, "gonna": 3, "gotta": 3, "lemme": 3, "gimme": 3, "wanna": 3}

_ATOM = re.compile(r"\[.\]|\\.|.")

# Every word above whose stop may stay with it, in lower case.
STOPPED = frozenset(
    re.sub(r"[\[\]\\]", "", word).lower() for word in f"{ENDERS} {ABBREVIATIONS} {NUMBERED}".split()
)

_Tree = dict[str, "_Tree"]


def choice(words: str, *, capital: bool = False) -> str:
    """Gives a pattern for any of the words, with common beginnings shared.

    Args:
        words: separated by blanks, in the notation of the lists above.
        capital: the first letter must be a capital.
    """
    tree: _Tree = {}
    for word in words.split():
        node = tree
        for number, atom in enumerate(_ATOM.findall(word)):
            node = node.setdefault(f"[{atom.upper()}]" if capital and number == 0 else atom, {})
        node[""] = {}
    return _pattern(tree)


def _pattern(tree: _Tree) -> str:
    parts = [atom + _pattern(below) for atom, below in tree.items() if atom]
    if not parts:
        return ""
    joined = parts[0] if len(parts) == 1 and "" not in tree else f"({'|'.join(parts)})"
    return joined + "?" if "" in tree else joined
