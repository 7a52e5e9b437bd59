"""What an encoder is: texts in, unit vectors out.

Knows nothing of how vectors are made or stored. Everything that searches takes an ``Encoder``, so a test
passes ten lines that keep this contract where the program passes a transformer.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatMatrix = npt.NDArray[np.float32]
"""float32, two dimensions, one row per text or vector."""

IntMatrix = npt.NDArray[np.int64]
"""int64, two dimensions, one row per query."""


class EncoderError(Exception):
    """A model cannot be found or loaded; the text says which, why, and what to do next."""


class Encoder(Protocol):
    """Turns texts into unit vectors whose inner product is their cosine.

    Queries and passages are told apart because models such as E5 were trained with a different prefix on
    each. Rows keep the order of the texts. Implementations are safe to call from several threads.
    """

    @property
    def name(self) -> str:
        """The model as the settings name it."""
        ...

    @property
    def digest(self) -> str:
        """Hexadecimal digest of all that a vector depends on: weights, dtype and both prompts.

        Vectors of one digest may be compared and cached by text; vectors of two may not.
        """
        ...

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode questions.

        Args:
            texts: any number of texts, none included; each is cut at the model's own limit.

        Returns:
            float32 (len(texts), dimension), rows of unit length, owned by the caller.
        """
        ...

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> FloatMatrix:
        """Encode passages.

        Args:
            texts: any number of texts, none included; each is cut at the model's own limit.
            progress: called after each batch with the number of texts that batch held; the numbers sum to
                ``len(texts)``.

        Returns:
            float32 (len(texts), dimension), rows of unit length, owned by the caller.
        """
        ...
