"""The rules of the tokeniser, in order of precedence.

The longest match wins, counting what is looked at beyond the token; of equally long ones the earlier rule.
Letters match in either case, characters in brackets only themselves. Characters beyond ASCII are folded, see
`alphabet`: U+00E9 and U+00C9 stand for small and capital letters, U+0301 for marks, U+0663 for digits, U+2003
for wide spaces, U+1F600 for everything beyond U+FFFF.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from zimu.metrics.ptb import forms
from zimu.metrics.ptb.words import ABBREVIATIONS, ENDERS, NUMBERED, STARTERS, TWO_PART, choice

__all__ = ["MACROS", "SKIP", "Rule", "rules"]

SKIP = "skip"  # the form of what gives no token

Cut = int | Callable[[str], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern of a scanner and what follows from its match.

    Args:
        name: what the pattern finds.
        pattern: covers the token and the text after it that must be seen.
        cut: where the token ends inside the match: 0 the whole match, a negative number leaves that many
            characters unread, a positive one is the token's length; a function gives the token's length and
            how much of the match is read.
        form: the token's spelling, or a function of the text that gives it; None for the text itself.
    """

    name: str
    pattern: str
    cut: Cut = 0
    form: str | Callable[[str], str] | None = None


MACROS = {
    "BLANK": "[ \t\u00a0\u2003]",
    "WHITE": "[ \t\u0085\u00a0\u2003\n\r\u2028\u2029\v\f]",
    "ANY": "[^\ufffe]",
    "A": "[A-Za-z]",
    "D": "[0-9\u0663]",
    "AD": "[A-Za-z0-9]",
    "ACCENTED": "&[aeiouAEIOU](acute|grave|uml);",
    # Letters of words, with digits; letters of names; letters and digits of joined words.
    "L": "([A-Za-z\u00e9\u00c9\u0301\u00ad]|{ACCENTED})",
    "LD": "([A-Za-z\u00e9\u00c9\u0301\u00ad0-9\u0663]|{ACCENTED})",
    "N": "[A-Za-z\u00e9\u00c9]",
    "H": "[A-Za-z\u00e9\u00c90-9\u0663]",
    "APOS": "('|\u2019|\u0092|&apos;)",
    "APOSLIKE": "('|\u2019|\u0092|`|\u2018|\u0091|&apos;)",
    "SUFFIX": "{APOS}([msdMSD]|ll|re|ve)",
    "KEPTSTOP": "\\.[,;:\u3001]",  # before one of these a word keeps its stop
    "ACRONYM": "{A}(\\.{A})+",
    "CAPITALS": "[A-Z]+(([+&]|&amp;)[A-Z]+)+",
    "ELIDED": "[dDlLoO]{APOS}{H}{H}+",
    "NUMBER": "({D}*([.,:\u00ad\u066b\u066c]{D}+)+|{D}+([.,:\u00ad\u066b\u066c]{D}+)*)",
    "NAME": "[A-Za-z][A-Za-z0-9_:.\\-]*",
    "TAG": "(<[!?][A-Za-z\\-][^>\n\r]*>|</{NAME} *>|"
    "<{NAME}( +{NAME}( *= *(\"[^\"\n\r]*\"|'[^'\n\r]*'))?)* */?>)",
    "PATH": '/[^ \t\n\r"<>|()]+[^ \t\n\r"<>|(){}.!?,\\-]',
    "HOST": "[^ \t\n\r!\"$'(),-`{|}]+",
    "MAILHOST": '[^ \t\n\r\u00a0"<>|(){}.]+',
    "EYE": "[\\-^x=~<>']",
    "SEPARATOR": "[- \u00a0]",
    "STARTER": choice(STARTERS, capital=True),
}

_SUFFIX = re.compile(r"(?:['\u2019\u0092]|&apos;)(?:[msd]|ll|re|ve)\Z", re.IGNORECASE)
_NOT = re.compile(r"n(?:['\u2019\u0092`\u2018\u0091]|&apos;)t\Z", re.IGNORECASE)
_HEAD = re.compile(r"[^ \t\u0085\u00a0\u2003\n\r\u2028\u2029\v\f]+")


_ENDING = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00c9\u24b6\u2160 \t\u00a0\u2003\n\r\u2028\u2029\v\f\u0085")


def _word(match: str) -> tuple[int, int]:
    """A word ends before a contraction, and before the comma that lets it keep its stop."""
    end = len(match)
    if match[-2:-1] == "." and match[-1] in ",;:\u3001":
        end -= 1
    elif not match.isalnum() and (suffix := _SUFFIX.search(match)):
        end = suffix.start()
    return end, end


def _thing(match: str) -> tuple[int, int]:
    end = len(match) - (match[-1] in ",;:\u3001")
    return end, end


def _stem(match: str) -> tuple[int, int]:
    found = _NOT.search(match)
    end = found.start() if found else len(match)
    return end, end


def _number_follows(match: str) -> tuple[int, int]:
    end = match.index(".") + 1
    return end, end


def _ender(match: str) -> tuple[int, int]:
    """The stop is read again where a sentence seems to end: before white space and a capital, or a tag."""
    head = re.match(r"(?:ph\.d|ed\.d|[a-z]+)\.", match, re.IGNORECASE)
    end = head.end() if head else len(match)
    after = match[end:]
    white = after[:1].isspace()
    again = not after or (white and (len(after) > 2 or after[1] in _ENDING))
    return end, end - again


def _letters(match: str) -> tuple[int, int]:
    """A letter loses its stop before a sentence starter, an acronym keeps it and it is read again."""
    head = _HEAD.match(match)
    end = head.end() if head else len(match)
    if end == len(match):
        return end, end
    return (1, 1) if end == 2 else (end, end - 1)


def rules() -> list[Rule]:
    """Gives all rules, in order of precedence."""
    return [*_words(), *_joined_words(), *_numbers(), *_abbreviations(), *_addresses(), *_signs(), *_rest()]


def _words() -> list[Rule]:
    apostrophe_words = (
        "{APOS}n{APOS}?|{APOS}em|{APOS}till?|{APOS}cause|{APOS}[2-9]0s|ol{APOS}|dunkin{APOS}|somethin{APOS}|"
        "cap{APOS}n|c{APOS}est|li'l|e'er|ev'ry|nat'l|nor'easter|s'mores|c'mon|cont'd\\."
    )
    return [
        *(Rule("two words in one", word, first) for word, first in TWO_PART.items()),
        Rule("'tis", "'(tis|twas)", 2),
        Rule("tag", "{TAG}", form=forms.hard_blanks),
        Rule("opening double quote", '("|&quot;)[A-Za-z0-9$]', -1, forms.opening_quote),
        Rule("closing double quote", '"|&quot;', form=forms.double_quote),
        Rule("word", "{L}{LD}*([.!?]{L}{LD}*)*({SUFFIX}|{KEPTSTOP})?", _word, forms.unbroken),
        Rule("stem of n't", "[A-Za-z\u00ad]*[A-MO-Za-mo-z]\u00ad*n{APOSLIKE}t", _stem, forms.unbroken),
        Rule("n't", "n{APOSLIKE}t", form=forms.straight_apostrophe),
        Rule("'s at the end", "{APOS}[msdMSD]", form=forms.straight_apostrophe),
        Rule("'s, 'll", "{APOS}([msdMSD]|ll|re|ve)[^A-Za-z]", -1, forms.straight_apostrophe),
        Rule("word with an apostrophe", apostrophe_words),
        Rule("year without its century", "{APOS}[0-9][0-9]{WHITE}", -1),
        Rule("elided word", "(l|d|j){APOS}"),
        Rule("y'all", "y{APOS}{A}", -1),
        Rule(
            "name with an apostrophe",
            "[A-HJ-XZndlo]{APOSLIKE}{N}{N}+|{N}+[aeiouyAEIOUY]{APOSLIKE}[aeiouA-Z]{N}*",
        ),
    ]


def _joined_words() -> list[Rule]:
    joined = (
        "({H}+|{ELIDED})([\\-_\u058a\u2010\u2011]({H}+|{ELIDED}))*|"
        "{AD}[A-Za-z0-9.,\u00ad]*(-([A-Za-z0-9\u00ad]+|{ACRONYM}\\.))+"
    )
    part = "{AD}+(-{A}+){0,2}"
    return [
        Rule("hyphens", f"({joined})({{KEPTSTOP}})?", _thing, forms.unbroken),
        Rule("slashes", f"{part}(\\\\?/{part}){{1,2}}"),
        Rule("AT&T", "{CAPITALS}({KEPTSTOP})?", _thing, forms.joined_ampersand),
        Rule("C++", "c\\+\\+|(c|f)#"),
    ]


def _numbers() -> list[Rule]:
    phone = (
        "(\\+{0,2}[0-9]{2,4}{SEPARATOR}([0-9]{2,4}{SEPARATOR})?|\\([0-9]{2,3}\\)[ \u00a0]?)"
        "[0-9]{3,4}{SEPARATOR}?[0-9]{3,5}"
    )
    fraction = "({D}{1,4}{SEPARATOR})?{D}{1,4}(\\\\?/|\u2044){D}{1,4}"
    return [
        Rule("number", "[\\-+]?{NUMBER}", form=forms.unbroken),
        Rule("fraction", fraction, form=forms.hard_blanks),
        Rule("date", "{D}{1,2}[-/]{D}{1,2}[-/]{D}{2,4}"),
        Rule("telephone", phone, form=forms.phone),
        Rule("vulgar fraction", "[\u00bc\u00bd\u00be\u2153\u2154]", form=forms.sign),
        Rule("raised digits", "\u00b2+"),
    ]


def _abbreviations() -> list[Rule]:
    ender = choice(ENDERS)
    capital = "[A-Z\u00c9\u24b6\u2160 \t\u00a0\u2003\n\r\u2028\u2029\v\f\u0085]"
    after = f"{{WHITE}}{capital}|{{WHITE}}{{TAG}}|{{ANY}}{{ANY}}|\U0001f600"
    return [
        Rule("abbreviation that can end", f"{ender}\\.({after})?", _ender),
        Rule("abbreviation", f"{choice(ABBREVIATIONS)}\\."),
        Rule("abbreviation of a number", f"{choice(NUMBERED)}\\.{{WHITE}}?{{D}}", _number_follows),
        Rule("letters with stops", "{A}(\\.{A})*\\.({WHITE}+({STARTER}|{TAG}){WHITE})?", _letters),
    ]


def _addresses() -> list[Rule]:
    not_mail = '[^ \t\n\r\u00a0"<>|(){}]'
    return [
        Rule("web address", 'https?://[^ \t\n\r"<>|(){}]+[^ \t\n\r"<>|(){}.!?,\\-]'),
        Rule("www", 'www\\.([^ \t\n\r"<>|(){}.!?,]+\\.)+{A}{2,4}({PATH})?'),
        Rule("host", "{HOST}(\\.{HOST})*\\.(com|net|org|edu)({PATH})?"),
        Rule("e-mail", f"(<|&lt;)?{{AD}}{not_mail}*@({{MAILHOST}}\\.)*{{MAILHOST}}(>|&gt;)?"),
        Rule("@name", "@[A-Za-z_][A-Za-z_0-9]*"),
        Rule("#tag", "#{L}+"),
    ]


def _signs() -> list[Rule]:
    return [
        Rule("smiley", "[<>]?[:;=][\\-o*']?(D|P|[O()@|{\\[\\]\\\\])[^A-Za-z0-9]", -1, forms.smiley),
        Rule("face", "\\({EYE}[\\-._]?{EYE}\\)|{EYE}_{EYE}", form=forms.smiley),
        Rule("opening single quote", "'[A-Za-z][^ \t\n\r\u00a0]", 1, "`"),
        Rule("'ll at the end", "{APOS}(ll|re|ve)", form=forms.straight_apostrophe),
        Rule("quotes", "''|``|['`]|&apos;", form=forms.single_quote),
        Rule(
            "curly quotes",
            "[`\u0091-\u0094\u2018-\u201f\u2039\u203a\u00ab\u00bb]{1,2}",
            form=forms.curly_quotes,
        ),
        Rule("dollars", "[A-Z]*\\$|[#\u00a3\u00a4\u0080\u20a0\u20ac\u00a2]", form=forms.sign),
        Rule("hyphen", "-|--|-----+"),
        Rule("dash", "---|----|[\u0096\u0097\u2013\u2014\u2015]|&(m|n)dash;", form="--"),
        Rule("dots", "\\.{3,5}|\\.([ \u00a0]\\.){2,4}|[\u0085\u2026]", form="..."),
        Rule("runs", "[!?]+|#+|@+|_+|\\*+|>>|<<|(\\\\\\*)+"),
        Rule("brackets", "[()\\[\\]{\\}]", form=forms.brackets),
        Rule("named brackets", "-(l|r)(r|s|c)b-"),
    ]


def _rest() -> list[Rule]:
    return [
        Rule("&amp;", "&amp;", form="&"),
        Rule("&lt;", "&lt;", form="<"),
        Rule("&gt;", "&gt;", form=">"),
        Rule("&nbsp;", "&nbsp;", form=SKIP),
        Rule("numbered entity", "&#[0-9]+;"),
        Rule("sign", "[!-~\u00a9\u24b6\u3001\u2044\u201a\u00ad]", form=forms.unbroken),
        Rule("blanks", "{BLANK}+", form=SKIP),
        Rule("unknown", "{ANY}", form=SKIP),
    ]
