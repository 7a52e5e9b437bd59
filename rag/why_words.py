"""A trace -> the lines that a person reads, in Chinese and in English. Pure.

``rag.terminal`` prints them; the page's catalogue takes the words over (``ui.strings``) and lays the lines out.
"""

from collections.abc import Callable, Iterator, Mapping

from rag.evidence import FEATURES
from rag.reading import MOST_READ
from rag.retrieve import Rank
from rag.trace import PassageTrace, SentenceTrace, Trace

WORDS: Mapping[str, tuple[str, str]] = {
    # name: (Chinese, English); {names} in braces are filled in.
    # where it was lost
    "lost": ("没有丢，回答引用了它", "Not lost: the answer cites it"),
    "lost_not_indexed": ("丢在索引之前：没有这篇文章", "Lost before the index: there is no such article"),
    "lost_set_aside": ("丢在读入：文件被搁置", "Lost in reading: the file was set aside"),
    "lost_filtered": ("丢在筛选", "Lost to a filter"),
    "lost_not_retrieved": ("丢在检索：没有进入候选", "Lost in retrieval: not among the candidates"),
    "lost_ranked_low": ("丢在排名：排得太后", "Lost in ranking: too far down"),
    "lost_copy": ("丢在去重：另一篇说的是同一件事", "Lost as a copy: another article says the same"),
    "lost_refused": ("丢在拒答：把握不够", "Lost to the refusal: not sure enough"),
    "lost_not_extracted": (
        "丢在摘句：引用了这篇文章的别的句子",
        "Lost in extraction: other sentences are cited",
    ),
    "lost_not_cited": ("丢在摘句：引用了别的文章", "Lost in extraction: other articles are cited"),
    # what to do next
    "next": ("什么都不用做。", "There is nothing to do."),
    "next_unknown": (
        "索引和文章文件夹里都没有 {path}。{near}请核对路径。",
        "Neither the index nor the folder has {path}. {near}Check the path.",
    ),
    "next_not_indexed": (
        "{path} 在文件夹里，但还没有索引。请运行 wenfeng index 文章文件夹。",
        "{path} lies in the folder but is not indexed yet. Run: wenfeng index ARTICLES",
    ),
    "next_set_aside": (
        "这个文件没能读入（{reason}：{detail}）。改好它，再运行 wenfeng index 文章文件夹。",
        "The file could not be read ({reason}: {detail}). Mend it, then run: wenfeng index ARTICLES",
    ),
    "next_filtered": (
        "它不符合这些筛选：{filters}。放宽它们，再问一次。",
        "It does not pass these filters: {filters}. Loosen them and ask again.",
    ),
    "next_not_retrieved": (
        "问题的用词和意思都离这段太远。换成文章里的说法，写上其中的人名、机构或数字，再问一次。",
        "Neither the words nor the meaning of the question come near it. Ask with the article's own words: its names, "
        "its numbers.",
    ),
    "next_ranked_low": (
        "它排第 {rank}，只有前 {k} 段用来作答。在问题里写上文章里的名字、日期，或用筛选缩小范围；也可调大设置 search.k。",
        "It ranks {rank}, and the first {k} passages are used. Name what the article names, or narrow the filters; or "
        "raise the setting search.k.",
    ),
    "next_copy": (
        "前面的 {path} 说的是同一件事，只用了那一篇。请看那一篇丢在哪里。",
        "{path} ranks before it and says the same, so that only that one is used. Trace that one.",
    ),
    "next_refused": (
        "把握 {certainty}，低于门槛 {threshold}。把问题问得更具体；若常常该答不答，用 wenfeng eval calibrate 重定门槛。",
        "The certainty is {certainty}, under the threshold {threshold}. Ask more exactly; if answers are often withheld, "
        "set the threshold anew with: wenfeng eval calibrate",
    ),
    "next_not_extracted": (
        "在问题里写明要的是什么（谁、哪天、多少），再问一次；或把它记为测试题。",
        "Say in the question what is wanted (who, when, how many) and ask again; or keep it as a test case.",
    ),
    "next_not_cited": (
        "在问题里写明是哪件事、哪篇报道，或用筛选限定范围，再问一次；或把它记为测试题。",
        "Say in the question which event or report is meant, or narrow the filters, and ask again; or keep it as a test "
        "case.",
    ),
    "did_you_mean": ("是不是 {paths}？", "Did you mean {paths}? "),
    # labels
    "asked": ("查找的问题", "Question as searched"),
    "part": ("看其中一问", "The part followed"),
    "article": ("文章", "Article"),
    "passage": ("应引的段落", "Expected passage"),
    "words": ("按词语", "By words"),
    "vectors": ("按段落语义", "By passage vectors"),
    "sentences": ("按句子语义", "By sentence vectors"),
    "named": ("候选名单", "Candidate lists"),
    "fused": ("综合排名", "Rank after fusion"),
    "sentence": ("应引的句子", "Expected sentence"),
    "read": ("细读", "Reading"),
    "weighed": ("句子排名", "Rank of the sentence"),
    "features": ("句子的各项数字", "Numbers of the sentence"),
    "certainty": ("作答的把握", "Certainty"),
    "answered": ("回答", "Answer"),
    # what stands beside them
    "copy_of": (
        "{path}（与它完全相同的是 {article}，以下看那一篇）",
        "{path} (an exact copy of {article}, which is followed)",
    ),
    "rank": ("第 {rank} / {of}", "{rank} of {of}"),
    "rank_words": ("{place}，含问题用词的 {share}", "{place}, holds {share} of the question's words"),
    "rank_cosine": ("{place}，余弦 {score}", "{place}, cosine {score}"),
    "rank_score": ("{place}，得分 {score}", "{place}, score {score}"),
    "rank_fused": (
        "{place}，得分 {score}；前 {k} 段用来作答",
        "{place}, score {score}; the first {k} are used",
    ),
    "list_passages": ("段落语义", "passage vectors"),
    "list_sentences": ("句子语义", "sentence vectors"),
    "list_words": ("词语", "words"),
    "list_cited": ("前面引用的文章", "articles cited before"),
    "named_by": ("列入它的：{lists}", "Named by: {lists}"),
    "named_by_none": ("三份名单都没有它", "None of the three names it"),
    "fused_none": ("不是候选，没有排名", "No candidate, so it has no rank"),
    "fused_copy": ("{place}；因与 {path} 重复而略去", "{place}; left out, since {path} says the same"),
    "read_yes": ("读到了", "It was read"),
    "read_no": (
        "没有读到：只细读最前面的约 {windows} 段",
        "It was not read: about the first {windows} passages are",
    ),
    "read_none": ("没有细读", "Nothing was read"),
    "weighed_none": ("没有参加比较", "It was not compared"),
    "from_header": ("由文章的标题、日期等信息直接回答", "Answered from the header of an article"),
    "certainty_is": ("{certainty}，门槛 {threshold}", "{certainty}, threshold {threshold}"),
    "measured": (
        "{place}（在{set}上量过：{answered} 个回答里错 {wrong} 个；以 {confidence} 的信心，至多错 {risk}）",
        "{place} (measured on {set}: {wrong} of {answered} answers were wrong; with confidence {confidence} at most {risk} are)",
    ),
    "answer_cites_it": ("引用了它", "It is cited"),
    "answer_refuses": ("没有作答", "No answer was given"),
    "answer_cites": ("引用的是：{paths}", "It cites: {paths}"),
    # filters
    "filter_since": ("起始日期", "first day"),
    "filter_until": ("截止日期", "last day"),
    "filter_categories": ("分类", "category"),
    "filter_outlets": ("来源", "outlet"),
    "filter_authors": ("作者", "author"),
    "filter_articles": ("文章", "article"),
    "comma": ("、", ", "),
    # the numbers of a sentence
    "feature_closeness": ("语义", "closeness"),
    "feature_passage": ("所在段落", "passage"),
    "feature_terms": ("用词", "terms"),
    "feature_together": ("连前文用词", "terms with what precedes"),
    "feature_article": ("全文用词", "terms in the article"),
    "feature_focus": ("问点", "focus"),
    "feature_pairs": ("相邻字", "pairs"),
    "feature_kind": ("答案类型", "kind"),
    "feature_lacks": ("缺的类型", "lacking kinds"),
    "feature_names": ("人名", "names"),
    "feature_names_nearby": ("附近人名", "names nearby"),
    "feature_numbers": ("数字", "numbers"),
    "feature_ordinals": ("序数年份", "ordinals"),
    "feature_missing": ("全文所缺", "missing"),
    "feature_length": ("长度", "length"),
    "feature_evidence": ("细读：证据", "reader: evidence"),
    "feature_answer": ("细读：答案", "reader: answer"),
    "feature_passage_answers": ("细读：段落", "reader: passage"),
}

Say = Callable[..., str]
"""A name of ``WORDS`` and what fills it in -> the words in one language."""
Line = tuple[str, str]
"""A label and what stands beside it."""

LONGEST = 160
"""Characters of a passage or a sentence that are shown."""


def say_chinese(name: str, **values: object) -> str:
    """The words of a name in Chinese."""
    return WORDS[name][0].format(**values)


def say_lost(trace: Trace, say: Say) -> str:
    """Where it was lost, as a headline."""
    return say(_key("lost", trace.lost))


def say_next(trace: Trace, say: Say) -> str:
    """What to do, as a sentence."""
    sought, passage = trace.sought, trace.passage
    name = "unknown" if trace.lost == "not indexed" and not sought.is_file else trace.lost
    near = say("did_you_mean", paths=say("comma").join(sought.near)) if sought.near else ""
    return say(
        _key("next", name),
        path=passage.copied if passage and passage.copied else sought.path,
        near=near,
        reason=sought.reason,
        detail=sought.detail,
        filters=say("comma").join(say(f"filter_{each}") for each in sought.barred_by),
        rank=f"{passage.fused.rank:,}" if passage and passage.fused else "",
        k=trace.k,
        certainty=_decimal(trace.certainty),
        threshold=_decimal(trace.calibration.threshold if trace.calibration else None),
    )


def to_lines(trace: Trace, say: Say) -> Iterator[Line]:
    """All that is known, step by step."""
    yield say("asked"), trace.asked
    if len(trace.parts) > 1:
        yield say("part"), trace.part
    sought = trace.sought
    is_copy = sought.article not in {"", sought.path}
    yield (
        say("article"),
        say("copy_of", path=sought.path, article=sought.article) if is_copy else sought.path,
    )
    if trace.passage is not None:
        yield from _passage_lines(trace, trace.passage, say)
    if trace.sentence is not None:
        yield from _sentence_lines(trace, trace.sentence, say)
    if trace.certainty is not None:
        yield say("certainty"), _say_certainty(trace, say)
        yield say("answered"), _say_answer(trace, say)


def _passage_lines(trace: Trace, passage: PassageTrace, say: Say) -> Iterator[Line]:
    lists = say("comma").join(say(f"list_{each}") for each in passage.named_by)
    yield say("passage"), _quote(passage)
    yield (
        say("words"),
        say("rank_words", place=_place(passage.words, say), share=f"{passage.words.score:.0%}"),
    )
    yield say("vectors"), _say_cosine(passage.vectors, say)
    yield say("sentences"), _say_cosine(passage.sentences, say)
    yield say("named"), say("named_by", lists=lists) if lists else say("named_by_none")
    if passage.fused is None:
        told = say("fused_none")
    elif passage.copied:
        told = say("fused_copy", place=_place(passage.fused, say), path=passage.copied)
    else:
        told = say(
            "rank_fused",
            place=_place(passage.fused, say),
            score=f"{passage.fused.score:.2f}",
            k=trace.k,
        )
    yield say("fused"), told


def _sentence_lines(trace: Trace, sentence: SentenceTrace, say: Say) -> Iterator[Line]:
    yield say("sentence"), _quote(sentence)
    read = {True: "read_yes", False: "read_no", None: "read_none"}[sentence.is_read]
    yield say("read"), say("from_header") if trace.from_header else say(read, windows=MOST_READ)
    if sentence.weighed is None:
        yield say("weighed"), say("weighed_none")
        return
    place = _place(sentence.weighed, say)
    yield say("weighed"), say("rank_score", place=place, score=f"{sentence.weighed.score:.2f}")
    yield (
        say("features"),
        " · ".join(
            f"{say(_key('feature', name))} {sentence.features[name]:.2f}"
            for name in FEATURES
            if name in sentence.features
        ),
    )


def _say_certainty(trace: Trace, say: Say) -> str:
    calibration = trace.calibration
    place = say(
        "certainty_is",
        certainty=_decimal(trace.certainty),
        threshold=_decimal(calibration.threshold if calibration else None),
    )
    if calibration is None or not calibration.is_measured:
        return place
    return say(
        "measured",
        place=place,
        set=calibration.set,
        answered=f"{calibration.answered:,}",
        wrong=f"{calibration.wrong:,}",
        confidence=f"{calibration.confidence:.0%}",
        risk=f"{calibration.risk:.1%}",
    )


def _say_answer(trace: Trace, say: Say) -> str:
    if trace.is_cited:
        return say("answer_cites_it")
    return say("answer_cites", paths=say("comma").join(trace.cited)) if trace.cited else say("answer_refuses")


def _quote(place: PassageTrace | SentenceTrace) -> str:
    flat = " ".join(place.text.split())
    return f"[{place.start}:{place.end}] {flat if len(flat) <= LONGEST else f'{flat[:LONGEST]}…'}"


def _say_cosine(rank: Rank, say: Say) -> str:
    return say("rank_cosine", place=_place(rank, say), score=f"{rank.score:.3f}")


def _place(rank: Rank, say: Say) -> str:
    return say("rank", rank=f"{rank.rank:,}", of=f"{rank.of:,}")


def _decimal(number: float | None) -> str:
    return "–" if number is None else f"{number:.3f}"


def _key(family: str, name: str) -> str:
    return f"{family}_{name.replace(' ', '_')}" if name else family
