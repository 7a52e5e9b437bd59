"""Text -> the words that are searched, folded so that 碳中和, 碳達峯 and ＣＯ２ meet their other spellings.

Jieba's search mode cuts words and the words inside them; pairs of neighbouring characters stand beside them, so
that a name that is in no dictionary is still found. Nothing here knows an index or a question.
"""

import functools
import itertools
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

import jieba
import opencc

from embeddings.bundled import cache_folder

WORDS_VERSION = 1
"""Changes when the same text would give other words; the index manifest keeps it."""

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[.,][0-9]+)*%?")
_FIRST_HAN = re.compile(rf"[{_HAN}]")


def fold(text: str) -> str:
    """Half width, lower case, simplified script. Offsets are not kept."""
    return to_simplified(unicodedata.normalize("NFKC", text).lower())


def to_simplified(text: str) -> str:
    """Traditional script to simplified; nothing else changes."""
    return str(_converter().convert(text))


def in_script_of(text: str, others: Iterable[str]) -> str:
    """A text in simplified script if all of some others are, else as it is."""
    simple = to_simplified(text)
    return simple if simple != text and all(to_simplified(other) == other for other in others) else text


def search_words(text: str) -> list[str]:
    """Cut a text into the words that the index knows, repeated as often as they occur."""
    return list(_words(fold(text)))


def is_word(folded: str) -> bool:
    """Whether the dictionary has a word."""
    return bool(tokenizer().FREQ.get(folded))


def _words(folded: str) -> Iterator[str]:
    for run in _RUN.findall(folded):
        if _FIRST_HAN.match(run):
            # Without its hidden Markov model, which is quadratic in unknown characters: pairs do that work.
            yield from tokenizer().cut_for_search(run, HMM=False)
            yield from (left + right for left, right in itertools.pairwise(run))
        else:
            yield run


@functools.cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@functools.cache
def tokenizer() -> jieba.Tokenizer:
    """Jieba, its cache in our own folder: the shared temporary folder is anybody's to write."""
    jieba.setLogLevel("WARNING")
    cutter = jieba.Tokenizer()
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    cutter.tmp_dir = str(folder)
    cutter.cache_file = f"jieba-{sys.implementation.cache_tag}.cache"
    cutter.initialize()
    return cutter
