"""The training half: recipes, the loop, evaluation, export."""

import os

# Threads of libgomp that wait for each other spin for milliseconds. Where other programs want the cores too,
# a small `zimu fit` took ten times as long. It is read when torch is loaded, so it must be set before.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
