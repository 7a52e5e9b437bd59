"""Two judgements of the same passages -> one ranking. Pure.

No fixed weight serves every question: words tell most of a question in the passages' own language, and nothing of
one in another. So each question weighs for itself. Cosines are centred and scaled over the candidates, since a
model squeezes them into a range of its own. Words count by the share of the question that a passage holds, which
is small by itself where they have nothing to say, and is damped further where no passage holds much.
"""

import numpy as np
import numpy.typing as npt

FloatVector = npt.NDArray[np.float32]

# Fitted on DRCD dev (titles that also occur in test) and XQuAD articles 1 to 24, Chinese and English questions:
# between 8 and 15 nothing changes beyond noise. See eval/bench/fusion.py.
WORDS_WEIGHT = 12.0
ENOUGH_COVERAGE = 0.2


def fuse(cosines: FloatVector, coverage: FloatVector) -> FloatVector:
    """Fuse two judgements of the same candidates.

    Args:
        cosines: (candidates,) of question and passage; any scale, larger is better.
        coverage: (candidates,) in [0, 1]: the share of the question's words that the passage holds.

    Returns:
        Scores (candidates,), larger is better; shifting or scaling all cosines does not change them.
    """
    if not len(cosines):
        return cosines
    spread = float(cosines.std())
    closeness = (cosines - cosines.mean()) / spread if spread > 1e-6 else np.zeros_like(cosines)
    trust = min(1.0, float(coverage.max()) / ENOUGH_COVERAGE)
    return np.asarray(closeness + WORDS_WEIGHT * trust * coverage, dtype=np.float32)
