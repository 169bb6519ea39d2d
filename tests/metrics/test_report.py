"""The report page."""

import re
from html.parser import HTMLParser

import zimu
from zimu.metrics.report import missed_ngrams, render_report

VOID = {"meta", "line", "rect", "wbr"}


class Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text, self.outside = [], "", []

    def handle_starttag(self, tag, attributes):
        self.outside += [v for k, v in attributes if k in ("src", "href") and v]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page(**options):
    references = {f"item {i}": [f"a dog <{i}> runs", "the dog runs fast"] for i in range(30)}
    candidates = {f"item {i}": f"a dog <{i}>" if i % 2 else "" for i in range(30)}
    return render_report(zimu.score(references, candidates, tokens=True), mode="given", **options)


def test_the_page_is_whole_and_asks_nothing_of_the_network():
    checker = Checker()
    text = page(title="Scores of A & B")
    checker.feed(text)
    assert checker.open == [] and checker.outside == []
    assert "http" not in text and "url(" not in text and "@import" not in text
    assert "<title>Scores of A &amp; B</title>" in text
    assert '<html lang="en">' in text and "prefers-color-scheme: dark" in text


def test_the_page_shows_scores_spread_ends_and_warnings():
    text = page()
    assert text.count("<svg") == 6 and text.count('role="img"') == 6
    assert "15 of 30 candidates are empty" in text
    assert "items:30|<wbr>refs:2|<wbr>tok:given" in text
    assert "Missed: " in text
    best, worst = text.split("<h3>Best</h3>")[1].split("<h3>Worst</h3>")
    assert best.count('class="item"') == 10 and worst.count('class="item"') == 10
    assert "<em>(empty)</em>" in worst and "<em>(empty)</em>" not in best
    assert "a dog &lt;29&gt;" in best and not re.search(r"<\d+>", text)


def test_ngrams_that_references_agree_on_are_missed():
    missed, invented = missed_ngrams([["a red dog", "a dog", "the dog"], ["a dog"]], ["a cat", "a dog"])
    assert dict(missed[0]) == {"dog": 1}
    assert dict(missed[1]) == {}
    assert dict(invented[0]) == {"cat": 1} and dict(invented[1]) == {"a cat": 1}
