"""Caption a video in two languages, see how sure each word is, and write one file with both.

Run: python examples/caption_a_video.py [VIDEO [FOLDER]]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import zimu

video = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("friday.mp4")
folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()

captioner = zimu.load()  # what is seen and what is heard; zimu.load("my-bundle") takes your own
print(f"{captioner.name} reads {video.name}")

english = captioner.caption(video, language="en")
chinese = captioner.caption(video, language="zh")
for caption in english:
    words = zip(caption.tokens, caption.log_probs, strict=False)
    sure = " ".join(f"{word}({math.exp(log_prob):.0%})" for word, log_prob in words)
    print(f"{caption.start_ms / 1000:6.2f} s  {caption.kind:6} {sure}")
    for stream, (times, weights) in caption.attention.items():
        looked = times[weights.sum(0).argmax()]
        print(f"          most attention in {stream} at {looked:.2f} s")

zimu.write(english, folder / "friday.en.srt")
zimu.write(chinese, folder / "friday.zh.srt", style="netflix-zh")
print((folder / "friday.zh.srt").read_text("utf-8"))
