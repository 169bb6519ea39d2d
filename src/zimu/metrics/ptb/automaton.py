"""A longest-match scanner: many patterns, one automaton, built only where a text walks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Scanner", "State"]


class State(dict[str, "State | None"]):
    """A state of the automaton: the next state by character; `rule` is the matched pattern or -1."""

    __slots__ = ("_scanner", "positions", "rule")

    def __init__(self, scanner: Scanner, positions: int, rule: int) -> None:
        super().__init__()
        self._scanner = scanner
        self.positions = positions
        self.rule = rule

    def __missing__(self, char: str) -> State | None:
        following = self._scanner._step(self.positions, char)
        self[char] = following
        return following


class Scanner:
    """Finds the longest match of any pattern; among equally long ones the first pattern given wins.

    Determinises lazily (states appear when a text first needs them), so many patterns cost little where the
    text is plain. Characters are taken as they come; fold them to a small alphabet first if there are many.

    Args:
        patterns: in order of precedence; see `_Reader` for the syntax.
        macros: named sub-patterns, usable as `{NAME}`.
    """

    def __init__(self, patterns: Iterable[str], macros: Mapping[str, str]) -> None:
        self._follow: list[int] = []
        self._sets: dict[tuple[bool, frozenset[str]], int] = {}
        self._ends: list[tuple[int, int]] = []  # (positions that end the rule, rule), in order
        self._masks: dict[str, int] = {}
        self._states: dict[tuple[int, int], State] = {}
        first = 0
        for number, pattern in enumerate(patterns):
            part = _Reader(self, pattern, macros).read()
            if part.empty:
                raise ValueError(f"Pattern {pattern!r} matches the empty text.")
            first |= part.first
            self._ends.append((part.last, number))
        self._any_end = 0
        for last, _ in self._ends:
            self._any_end |= last
        self.start = State(self, first, -1)

    def _place(self, negated: bool, chars: frozenset[str]) -> int:
        """Adds a position that one of `chars` (or any other character) may fill; gives its bit."""
        bit = 1 << len(self._follow)
        self._follow.append(0)
        key = (negated, chars)
        self._sets[key] = self._sets.get(key, 0) | bit
        return bit

    def _link(self, lasts: int, firsts: int) -> None:
        for position in _bits(lasts):
            self._follow[position] |= firsts

    def _mask(self, char: str) -> int:
        mask = self._masks.get(char)
        if mask is None:
            mask = 0
            for (negated, chars), bits in self._sets.items():
                if (char in chars) != negated:
                    mask |= bits
            self._masks[char] = mask
        return mask

    def _step(self, positions: int, char: str) -> State | None:
        filled = positions & self._mask(char)
        if not filled:
            return None
        following = 0
        for position in _bits(filled):
            following |= self._follow[position]
        rule = -1
        if filled & self._any_end:
            rule = next(number for last, number in self._ends if filled & last)
        state = self._states.get((following, rule))
        if state is None:
            state = self._states[following, rule] = State(self, following, rule)
        return state


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(slots=True)
class _Part:
    """A piece of a pattern: may it be empty, which positions can start and end it."""

    empty: bool
    first: int
    last: int


class _Reader:
    """Reads one pattern into positions of a scanner.

    Syntax: letters outside brackets match in either case; `[...]` keeps case, has ranges and `^`; `(...)`
    groups; `|` is choice; `* + ? {2} {2,} {2,5}` repeat; `{NAME}` inserts a macro; backslash quotes.
    """

    def __init__(self, scanner: Scanner, pattern: str, macros: Mapping[str, str]) -> None:
        self.scanner = scanner
        self.text = pattern
        self.macros = macros
        self.at = 0

    def read(self) -> _Part:
        part = self._choice()
        if self.at < len(self.text):
            raise ValueError(f"Pattern {self.text!r} has an unread {self.text[self.at :]!r}.")
        return part

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _choice(self) -> _Part:
        part = self._sequence()
        while self._peek() == "|":
            self.at += 1
            other = self._sequence()
            part = _Part(part.empty or other.empty, part.first | other.first, part.last | other.last)
        return part

    def _sequence(self) -> _Part:
        part = _Part(True, 0, 0)
        while self._peek() and self._peek() not in "|)":
            part = self._join(part, self._repeated())
        return part

    def _join(self, left: _Part, right: _Part) -> _Part:
        self.scanner._link(left.last, right.first)
        first = left.first | right.first if left.empty else left.first
        last = left.last | right.last if right.empty else right.last
        return _Part(left.empty and right.empty, first, last)

    def _repeated(self) -> _Part:
        start = self.at
        part = self._atom()
        stop = self.at
        while True:
            sign = self._peek()
            if sign and sign in "*+":
                self.at += 1
                self.scanner._link(part.last, part.first)
                part = _Part(part.empty or sign == "*", part.first, part.last)
            elif sign == "?":
                self.at += 1
                part = _Part(True, part.first, part.last)
            elif sign == "{" and self.text[self.at + 1 : self.at + 2].isdigit():
                part = self._counted(part, start, stop)
            else:
                return part

    def _counted(self, part: _Part, start: int, stop: int) -> _Part:
        end = self.text.index("}", self.at)
        low, comma, high = self.text[self.at + 1 : end].partition(",")
        least, most = int(low), int(high or 0) if comma else int(low)
        atom = self.text[start:stop]
        for number in range(1, max(least, most)):
            again = _Reader(self.scanner, atom, self.macros).read()
            if number >= least:
                again.empty = True
            part = self._join(part, again)
        if comma and not high:
            again = _Reader(self.scanner, f"({atom})*", self.macros).read()
            part = self._join(part, again)
        if least == 0:
            part = _Part(True, part.first, part.last)
        self.at = end + 1
        return part

    def _atom(self) -> _Part:
        sign = self._peek()
        self.at += 1
        if sign == "(":
            part = self._choice()
            if self._peek() != ")":
                raise ValueError(f"Pattern {self.text!r} has an unclosed bracket.")
            self.at += 1
            return part
        if sign == "{":
            end = self.text.index("}", self.at)
            name, self.at = self.text[self.at : end], end + 1
            return _Reader(self.scanner, self.macros[name], self.macros).read()
        if sign == "[":
            return self._one(*self._set())
        if sign == "\\":
            return self._one(False, {self._quoted()})
        return self._one(False, {sign.lower(), sign.upper()})

    def _one(self, negated: bool, chars: set[str]) -> _Part:
        bit = self.scanner._place(negated, frozenset(chars))
        return _Part(False, bit, bit)

    def _quoted(self) -> str:
        char = self.text[self.at]
        self.at += 1
        return char

    def _set(self) -> tuple[bool, set[str]]:
        negated = self._peek() == "^"
        self.at += negated
        chars: set[str] = set()
        while (char := self.text[self.at]) != "]":
            self.at += 1
            if char == "\\":
                char = self._quoted()
            if self._peek() == "-" and self.text[self.at + 1] != "]":
                self.at += 1
                last = self._quoted()
                if last == "\\":
                    last = self._quoted()
                chars |= {chr(code) for code in range(ord(char), ord(last) + 1)}
            else:
                chars.add(char)
        self.at += 1
        return negated, chars
