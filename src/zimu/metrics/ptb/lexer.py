"""Cuts text into tokens with the rules; linear in the text whatever it holds."""

from __future__ import annotations

from functools import cache

from zimu.metrics.ptb.alphabet import fold
from zimu.metrics.ptb.automaton import Scanner, State
from zimu.metrics.ptb.forms import lower
from zimu.metrics.ptb.rules import MACROS, SKIP, rules

__all__ = ["Lexer", "shared_lexer"]

# A scan that has gone this far without a token is watched, at every place that `_EVERY` divides.
_PATIENCE = 12
_EVERY = 8


class Lexer:
    """Cuts the first line of a text into tokens."""

    def __init__(self) -> None:
        self._rules = tuple(rules())
        self._scanner = Scanner([rule.pattern for rule in self._rules], MACROS)

    def line(self, text: str, stop: int | None = None) -> tuple[list[str], bool]:
        """Gives the tokens of `text` that begin before `stop` and the first line feed, in lower case.

        The second value says whether text added at the end could have changed them.
        """
        folded = fold(text)
        size = len(folded) if stop is None else stop
        tokens: list[str] = []
        open_end = False
        position = 0
        stuck: set[tuple[int, int]] = set()
        while position < size and folded[position] != "\n":
            rule_number, end, reached = self._longest(folded, position, stuck)
            open_end = open_end or reached
            rule = self._rules[rule_number]
            cut = rule.cut
            length = end - position
            if isinstance(cut, int):
                length = cut if cut > 0 else length + cut
                step = length
            else:
                length, step = cut(folded[position:end])
            form = rule.form
            if form is None:
                tokens.append(lower(text[position : position + length]))
            elif form is not SKIP:
                token = form if isinstance(form, str) else form(text[position : position + length])
                tokens.append(lower(token))
            position += step
        return tokens, open_end

    def _longest(self, folded: str, position: int, stuck: set[tuple[int, int]]) -> tuple[int, int, bool]:
        """Gives the rule and end of the longest match, and whether the scan ran off the end of the text."""
        state: State | None = self._scanner.start
        size = len(folded)
        rule, end = -1, position
        check = position + _PATIENCE
        watched: list[tuple[int, int]] = []
        at = position
        while state is not None and at < size:
            state = state[folded[at]]
            at += 1
            if state is None:
                break
            if state.rule >= 0:
                rule, end = state.rule, at
            if not state.positions:
                return rule, end, False
            if at > check and not at % _EVERY and at - end > _PATIENCE:
                mark = (at, id(state))
                if mark in stuck:
                    state = None
                    break
                watched.append(mark)
        stuck.update(mark for mark in watched if mark[0] > end)
        return rule, end, state is not None


@cache
def shared_lexer() -> Lexer:
    """Gives the one lexer of the process; it grows with the texts it meets."""
    return Lexer()
