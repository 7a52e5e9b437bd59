"""A folded English question -> what it wants of the folder itself, or nothing. As ``rag.inquiry_chinese`` does it."""

import re
from dataclasses import replace
from datetime import date

from rag.inquiry import AUTHOR, FIRST, OUTLET, PERIOD, Inquiry, Known, Names, take_known

_PIECE = r"(?:(?:news )?(?:articles?|reports?|stor(?:y|ies)|pieces?|posts?|coverage)|news items?)"
_TOPIC = rf"(?P<topic>[^{OUTLET}-{FIRST}]+?)"
_ON = (
    r"(?:that |which )?(?:are |is |were )?(?:about|on|mention(?:s|ing|ed)?|regarding|concerning|cover(?:s|ing)?|related to"
    r"|discuss(?:es|ing)?|featuring|with|naming|nam(?:e|es)|(?:talk|write)(?:s|ing)? about|deal(?:s|ing)? with|contain(?:s|ing)?)"
)
_THERE = r"(?: (?:are there|were there|is there|do you have|do we have|have you got|exist|in total|altogether|in all))*"
_HERE = r"(?: (?:in|of|from) (?:the|this|my|your) (?:folder|collection|corpus|archive|library|files))?"
_PUBLISHED = r"(?: (?:were |was |are |have been )?(?:published|posted|released|printed|came out|appeared|run|ran|carried))?"
_ASK = (
    r"(?:(?P<count>how many|what number of)|(?P<list>(?:list|show(?: me)?|find(?: me)?|give me|name|get(?: me)?|which|what)"
    r"(?: me)?(?: all)?(?: of)?(?: the)?(?: other)?|(?:are|is|were) there(?: any)?|do (?:you|we) have(?: any)?|any|all(?: the)?))"
)
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"{_ASK} {_PIECE}{_HERE}{_THERE}{_PUBLISHED}(?: {_ON} {_TOPIC})?{_THERE}{_PUBLISHED}{_HERE}",
        rf"(?:in )?{_ASK} {_PIECE} (?:does|do|did) {_TOPIC} (?:appear|occur|show up|feature)(?: in)?",
        rf"(?:in )?{_ASK} {_PIECE} (?:is|was|are|were) {_TOPIC} (?:mentioned|named|covered|discussed)(?: in)?",
    )
)
_FIRST_PIECE = re.compile(
    rf"\b(?:the )?(?:(?P<earliest>earliest|first|oldest)|(?P<latest>latest|newest|most recent|last)) {_PIECE}"
)
_FIRST_WORD = re.compile(
    r"\b(?:the )?(?:(?P<earliest>earliest|first|oldest)|(?P<latest>latest|newest|most recent))$"
)
_FIRST_WORD_SHAPE = re.compile(rf"(?:which|what) {_PIECE}(?: {_ON} {_TOPIC})? (?:is|was) {FIRST}")
_FIRST_SHAPE = re.compile(
    r"(?:(?:what|which)(?: is|'s| was)?|show(?: me)?|give me|find)?(?: one)?(?: is)? ?"
    rf"{FIRST}{_PUBLISHED}(?: {_ON} {_TOPIC})?{_PUBLISHED}{_HERE}"
)
_SUM_UP = r"(?:summari[sz]e|sum up|outline|(?:give (?:me )?|write )?(?:a |the )?(?:short |brief |quick )?(?:summary|outline|gist) of)"
_THIS = rf"(?:it|this|that|this one|that one|(?:this|that|the|the (?:last|above|same|previous)) {_PIECE})"
_NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_EXTRACT_SHAPE = re.compile(
    rf"{_SUM_UP} (?:(?P<this>{_THIS})|the (?P<place>first|second|third|fourth|fifth)(?: one| {_PIECE})"
    rf"|(?P<first>{FIRST})(?: {_ON} (?P<last_topic>.+))?|(?:the )?[“\"'«](?P<title>.+?)[”\"'»]"
    rf"|(?:the|that|an?) (?:{_PIECE}|one) {_ON} (?P<topic>.+)|the (?P<before>.+?) (?:article|report|story|piece))(?: for me| briefly)?"
)
_POLITE = re.compile(
    r"^(?:please|can you|could you|would you|will you|i want to know|i'd like to know|tell me|hi|hello|and|so|[, ])+\b"
)
_AROUND = re.compile(
    rf"(?: (?:does|did|has|have|do|in|from|by|of|at))? ?(?:the )?[{OUTLET}{AUTHOR}](?:'s)?"
    r"(?: (?:publish|carry|run|print|write|have|release)(?:ed|ten)?)?"
    rf"|(?: (?:in|during|from|on|of))? ?{PERIOD}"
)
_PRONOUN = re.compile(r"^(?:he|she|it|they|him|her|them|this|that|these|those|me|us|you)$")


def read_english(folded: str, names: Names, today: date) -> Inquiry | None:
    """Read a question about the folder itself; None where it is none, or not wholly understood."""
    known = take_known(" ".join(folded.rstrip(" ?!.").split()), names, today)
    rest = _AROUND.sub("", known.text)
    rest = _POLITE.sub("", rest.strip(" ,")).removesuffix("please").strip(" ,")
    inquiry = _read_extract(rest) or _read_first(rest) or _read_list(rest, known)
    if inquiry is None or _PRONOUN.match(inquiry.topic):
        return None
    return replace(inquiry, outlet=known.outlet, author=known.author, period=known.period, english=True)


def _read_extract(rest: str) -> Inquiry | None:
    first = re.search(_FIRST_PIECE.pattern.replace("first|", "").replace("|last", ""), rest)
    found = _EXTRACT_SHAPE.fullmatch(_put_sign(rest, first))
    if not found:
        return None
    topic = found["topic"] or found["last_topic"] or found["before"] or ""
    return Inquiry(
        "extract",
        pick="" if not found["first"] or not first else "earliest" if first["earliest"] else "latest",
        topic=_bare(topic),
        is_marked=bool(topic),
        title=found["title"] or "",
        place=_NUMBERS.get(found["place"] or "", 0),
    )


def _read_first(rest: str) -> Inquiry | None:
    for pattern, shape in ((_FIRST_PIECE, _FIRST_SHAPE), (_FIRST_WORD, _FIRST_WORD_SHAPE)):
        first = pattern.search(rest)
        found = shape.fullmatch(_put_sign(rest, first)) if first else None
        if first and found:
            break
    else:
        return None
    topic = _bare(found["topic"] or "")
    return Inquiry(
        "list", pick="earliest" if first["earliest"] else "latest", topic=topic, is_marked=bool(topic)
    )


def _read_list(rest: str, known: Known) -> Inquiry | None:
    for shape in _SHAPES:
        found = shape.fullmatch(rest)
        if not found:
            continue
        topic = _bare(found.groupdict().get("topic") or "")
        if (
            not topic
            and found["list"] in {"which", "what"}
            and not (known.outlet or known.period or known.author)
        ):
            continue  # "what news"
        return Inquiry("count" if found["count"] else "list", topic=topic, is_marked=bool(topic))
    return None


def _put_sign(rest: str, first: re.Match[str] | None) -> str:
    return f"{rest[: first.start()]}{FIRST}{rest[first.end() :]}" if first else rest


def _bare(topic: str) -> str:
    return re.sub(r"^(?:the|an?) ", "", topic.strip("“”\"'«» "))
