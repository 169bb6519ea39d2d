"""Bringing references and candidates together, and what to say about them before they are scored."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from zimu.errors import ConfigError
from zimu.metrics.tokenise import count_broken, is_unsegmented

__all__ = ["Items", "pair", "warn_of_captions", "warn_of_tokens"]

_SHOWN = 5  # ids named in a warning
_ONLY_TEXTS = {str}
_EQUAL = 0.25  # from this share on, candidates that equal a reference are suspicious


@dataclass(frozen=True)
class Items:
    """Captions that belong together, in the order of the references.

    Attributes:
        ids: M ids.
        references: Each item's references.
        candidates: One text an item.
        warnings: What was left out.
    """

    ids: tuple[Hashable, ...]
    references: tuple[Sequence[str], ...]
    candidates: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def pair(
    references: Mapping[Any, Any] | Sequence[Any],
    candidates: Mapping[Any, Any] | Sequence[Any],
    *,
    tokens: bool = False,
) -> Items:
    """Match references and candidates by id.

    Args:
        references: {id: references}, or a list. References are a text or a list of texts; each may be a list
            of tokens where `tokens` is true.
        candidates: {id: candidate}, or a list as long. A list with one text is taken as the text.
        tokens: Lists in the place of texts are tokens.

    Raises:
        ConfigError: Nothing matches, an item has no reference or several candidates, or something is no text.
    """
    references, candidates = _with_ids(references, candidates)
    candidates = _same_ids(references, candidates)
    ids = [i for i in references if i in candidates]
    if not ids:
        raise ConfigError(
            f"References and candidates have no id in common (references: {_some(list(references))}; "
            f"candidates: {_some(list(candidates))}). Check that they belong together."
        )
    return Items(
        tuple(ids),
        tuple(_references(i, references[i], tokens) for i in ids),
        tuple(_candidate(i, candidates[i], tokens) for i in ids),
        tuple(_warn_of_ids(references, candidates)),
    )


def warn_of_captions(items: Items) -> list[str]:
    """Return what is odd about the captions as they were given."""
    out = []
    total = len(items.ids)
    empty = sum(not c or c.isspace() for c in items.candidates)
    if empty:
        out.append(f"{empty} of {total} candidates are empty; they score 0 or nearly so.")
    if total > 1 and len(set(items.candidates)) == 1:
        out.append(f"All {total} candidates are the same text. A model that ignores its input does this.")
    broken = count_broken([*items.candidates, *chain.from_iterable(items.references)])
    if broken:
        out.append(f"{broken} captions have line breaks inside; these were taken as blanks.")
    equal = sum(c in refs for c, refs in zip(items.candidates, items.references, strict=True) if c)
    if equal and equal >= _EQUAL * total:
        out.append(
            f"{equal} of {total} candidates equal one of their references. Check that no reference was taken "
            "as a candidate."
        )
    return out


def warn_of_tokens(items: Items, names: Sequence[str], mode: str, *, own_frequencies: bool) -> list[str]:
    """Return what is odd about a metric for these captions.

    Args:
        items: The captions.
        names: The scores asked for.
        mode: How captions become tokens.
        own_frequencies: Document frequencies come from the references of these items.
    """
    out = []
    if len(items.ids) == 1 and own_frequencies and {"cider", "cider_d"} & set(names):
        out.append(
            "CIDEr over one item is always 0: no n-gram is rarer than another. Score more items together, or "
            "give document frequencies of another corpus."
        )
    by_word = set(names) - {"cer", "chrf"}
    if by_word and not mode.startswith("zh-") and is_unsegmented([*items.candidates, *_firsts(items)]):
        out.append(
            f"THE CAPTIONS ARE CHINESE WITHOUT BLANKS BUT SPLIT AT BLANKS ({mode}): a whole clause counts as "
            f"one word, and {', '.join(sorted(by_word))} mean nothing. Use language zh and give plain text, "
            "or segment the captions first."
        )
    return out


def _firsts(items: Items) -> list[str]:
    return [refs[0] for refs in items.references]


def _with_ids(references: Any, candidates: Any) -> tuple[Mapping[Any, Any], Mapping[Any, Any]]:
    if isinstance(references, Mapping) != isinstance(candidates, Mapping):
        raise ConfigError(
            "One of references and candidates has ids and the other has not. Give both as dicts."
        )
    if isinstance(references, Mapping):
        return references, candidates
    if len(references) != len(candidates):
        raise ConfigError(
            f"There are {len(references)} items with references and {len(candidates)} candidates. "
            "Give one candidate an item, or use ids."
        )
    return dict(enumerate(references)), dict(enumerate(candidates))


def _same_ids(references: Mapping[Any, Any], candidates: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return the candidates with the references' ids, where one file has 7 and the other "7"."""
    if any(i in references for i in candidates):
        return candidates
    by_text = {str(i): i for i in references}
    return {by_text.get(str(i), i): c for i, c in candidates.items()}


def _warn_of_ids(references: Mapping[Any, Any], candidates: Mapping[Any, Any]) -> list[str]:
    out = []
    missing = [i for i in references if i not in candidates]
    if missing:
        left = len(references) - len(missing)
        out.append(
            f"{len(missing)} of {len(references)} items have no candidate and were left out: "
            f"{_some(missing)}. The scores hold for the other {left} only."
        )
    surplus = [i for i in candidates if i not in references]
    if surplus:
        out.append(f"{len(surplus)} candidates have no references and were left out: {_some(surplus)}.")
    return out


def _references(i: Hashable, value: Any, tokens: bool) -> Sequence[str]:
    if type(value) is list and set(map(type, value)) == _ONLY_TEXTS:  # the usual case, thousands of times
        return value
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence) or not value:
        raise ConfigError(f"Item {i!r} has no reference (found {value!r}). Give it one, or leave it out.")
    return tuple(_text(i, reference, "reference", tokens) for reference in value)


def _candidate(i: Hashable, value: Any, tokens: bool) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and not tokens:
        if len(value) != 1:
            raise ConfigError(f"Item {i!r} has {len(value)} candidates. Give it exactly one.")
        value = value[0]
    return _text(i, value, "candidate", tokens)


def _text(i: Hashable, value: Any, what: str, tokens: bool) -> str:
    if isinstance(value, str):
        return value
    if tokens and isinstance(value, Sequence):
        return " ".join(map(str, value))
    hint = "Pass tokens=True for lists of tokens." if isinstance(value, Sequence) else "Give a text."
    raise ConfigError(f"A {what} of item {i!r} is not a text but {value!r}. {hint}")


def _some(ids: Sequence[Hashable]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(map(str, ids[:_SHOWN])) + more
