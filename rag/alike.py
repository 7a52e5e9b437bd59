"""Characters that are typed for one another: they sound alike, in pinyin without tones, or look alike.

The sounds are pypinyin's. Laid out at the first question with a word that no article holds, in a third of a second;
other questions do not wait for it.
"""

import functools
import re
import unicodedata
from collections import defaultdict

from rag.vocabulary import LOOK_ALIKES

SAME_SOUND = 3
NEAR = 2
"""They look alike, or sound alike where zh and z, ch and c, sh and s, l and n, or -ng and -n are not told apart."""

_OTHERWISE_READ = frozenset("曾朝单解重乐行长盛调降参觉强尉翟查召洗石大都宿泊")
"""Characters of names that have a second sound worth a thought; those of others are of old books."""


@functools.lru_cache(maxsize=4096)
def find_alike(character: str) -> dict[str, int]:
    """The characters that one may stand for, and how much they are alike."""
    same, near = _by_sound()
    alike = dict.fromkeys(LOOK_ALIKES.get(character, ""), NEAR)
    for sound in _sounds(character):
        alike |= dict.fromkeys(near[_blur(sound)], NEAR)
    for sound in _sounds(character):
        alike |= dict.fromkeys(same[sound], SAME_SOUND)
    alike.pop(character, None)
    return alike


@functools.cache
def _by_sound() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """All characters by their sounds, and by their sounds blurred."""
    same, near = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for character in map(chr, range(0x4E00, 0xA000)):
        for sound in _sounds(character):
            same[sound].append(character)
            near[_blur(sound)].append(character)
    return same, near


@functools.cache
def _sounds(character: str) -> tuple[str, ...]:
    from pypinyin.constants import PINYIN_DICT

    spelt = unicodedata.normalize("NFD", PINYIN_DICT.get(ord(character), "")).replace("u\u0308", "v")
    plain = "".join(letter for letter in spelt if letter.isascii()).split(",")
    return tuple(dict.fromkeys(filter(None, plain[: 2 if character in _OTHERWISE_READ else 1])))


def _blur(sound: str) -> str:
    return re.sub(r"(?<=[aei])ng$", "n", re.sub(r"^l", "n", re.sub(r"^([zcs])h", r"\1", sound)))
