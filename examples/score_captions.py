"""Score two captioners on the same clips: intervals, and whether the difference is one.

Run: python examples/score_captions.py
"""

from __future__ import annotations

import zimu
from zimu.metrics import compare_cards

references = {
    "p1": ["A dog runs on the grass.", "A brown dog is running."],
    "p2": ["Two cats sleep on a sofa.", "Two cats are sleeping."],
    "p3": ["A man rides a bicycle.", "Someone is cycling down a road."],
    "p4": ["Children play football.", "Kids are playing with a ball."],
    "p5": ["A train stands in a station.", "The train is waiting."],
    "p6": ["A woman reads a book.", "A woman is reading in a chair."],
}
ours = {
    "p1": "A dog runs on grass.",
    "p2": "Two cats sleep.",
    "p3": "A man is cycling down a road.",
    "p4": "Children are playing with a ball.",
    "p5": "A train in a station.",
    "p6": "A girl reads a book.",
}
# The baseline that every captioner must beat: the same sentence for everything.
commonest = dict.fromkeys(references, "A man is standing.")

metrics = ["bleu_4", "rouge_l", "cider_d"]
cards = {
    name: zimu.score(references, candidates, metrics=metrics)
    for name, candidates in (("ours", ours), ("commonest", commonest))
}
for name, card in cards.items():
    for metric in metrics:
        low, high = card[metric].interval
        print(f"{name:10} {metric:8} {card[metric].value:.3f} [{low:.3f}, {high:.3f}]")
print(cards["ours"]["cider_d"].signature)

for found in compare_cards(cards["ours"], {"commonest": cards["commonest"]}):
    low, high = found.interval
    difference = f"{found.difference:+.3f} [{low:+.3f}, {high:+.3f}]"
    print(f"{found.metric}: commonest minus ours {difference}, p = {found.p_randomisation:.4f}")
