"""Text to vectors to nearest rows: encoders and the vector index. Knows nothing of articles or answers."""

import os

# Read by GNU OpenMP when torch or faiss load it. By default its threads spin for milliseconds at every
# barrier: with one of two cores taken by another program, a question's 8 ms become 950. This ends the spin
# after some microseconds and costs an idle machine nothing.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
