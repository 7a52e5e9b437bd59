"""Every word that the page shows, in Chinese and in English: one catalogue. Pure."""

from collections.abc import Mapping
from typing import Literal, get_args

from rag.why_words import WORDS

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

CATALOGUE: Mapping[str, tuple[str, str]] = {
    # name: (Chinese, English); {names} in braces are filled in by ``say``.
    "product": ("问峰", "Wenfeng"),
    "untitled": ("（无标题）", "(untitled)"),
    # the chat
    "welcome": ("问一问这些文章", "Ask these articles"),
    "welcome_detail": (
        "共 {articles} 篇文章。每句回答都注明出处，点开便是原文；文章里没有的，会直说没有。",
        "Articles: {articles}. Every sentence of an answer opens its source; what they do not hold is said plainly.",
    ),
    "you": ("提问", "Question"),
    "answer": ("回答", "Answer"),
    "refusal": ("没有答案", "No answer"),
    "ask_placeholder": ("向文章提问，回车发送", "Ask the articles, Enter sends"),
    "ask_label": ("你的问题", "Your question"),
    "send": ("发送", "Send"),
    "stop": ("停止", "Stop"),
    "searching": ("正在查找与阅读……", "Searching and reading …"),
    "stopped": ("已停止。点“重试”可再问一次。", "Stopped. “Retry” asks again."),
    "nearest": ("最接近的内容，未必能回答", "Nearest passages; they may not answer"),
    "as_typed": ("按原字搜索：{question}", "Search as typed: {question}"),
    "retry": ("重试", "Retry"),
    "edit": ("修改", "Edit"),
    "edit_label": ("修改问题", "Edit the question"),
    "cancel": ("取消", "Cancel"),
    "copy_answer": ("复制回答", "Copy the answer"),
    "copied": ("已复制", "Copied"),
    "good": ("有用", "Useful"),
    "bad": ("有误", "Wrong"),
    "follow_ups": ("接着问", "Ask next"),
    "samples": ("可以这样问", "For example"),
    "earlier_hidden": (
        "更早的 {count} 轮没有显示，导出的文件里都有。",
        "{count} earlier turns are not shown; an export holds them all.",
    ),
    "mark": ("引用 {number}：{title}", "Citation {number}: {title}"),
    # how an answer came to be
    "how_articles": ("查找了 {count} 篇文章", "articles searched: {count}"),
    "how_reports": (
        "引自 {reports} 篇报道，{sources} 个来源",
        "reports cited: {reports}, outlets: {sources}",
    ),
    "how_extractive": ("摘录原句", "extractive"),
    "how_model": ("语言模型撰写，逐句核对", "written by a model, checked"),
    "how_time": ("{milliseconds} 毫秒", "{milliseconds} ms"),
    "how_asked": ("实际查找的问题", "Question as searched"),
    "how_steps": ("各步用时", "Time by step"),
    "how_generation": ("索引", "Index"),
    "how_certainty": ("把握", "Certainty"),
    "how_certainty_value": (
        "{certainty}（低于 {threshold} 不作答）",
        "{certainty} (refused under {threshold})",
    ),
    "how_risk": ("答错的比例", "Share of wrong answers"),
    "how_risk_value": (
        "在“{set}”上测得：答出的问题中答错的不超过 {risk}（置信度 {confidence}）",
        "measured on “{set}”: at most {risk} of the answers are wrong (confidence {confidence})",
    ),
    "step_complete": ("补全", "complete"),
    "step_encode": ("编码", "encode"),
    "step_search": ("检索", "search"),
    "step_read": ("阅读", "read"),
    "step_answer": ("作答", "answer"),
    # corrections
    "correction": ("哪里不对？（可不填）", "What is wrong? (optional)"),
    "correction_refuse": ("文章里没有答案，本应说没有", "It should have said that there is no answer"),
    "correction_answer": ("正确的回答", "The right answer"),
    "correction_passage": ("正确的原文（从右侧复制）", "The right passage (copied from the source)"),
    "correction_send": ("保存", "Save"),
    "saved": ("已保存", "Saved"),
    "thanks": ("谢谢，已记为测试题。", "Thank you; kept as a test case."),
    "passage_unknown": (
        "这段文字不在任何一篇文章里。请从右侧原文里原样复制。",
        "No article holds this passage. Copy it from the source as it stands.",
    ),
    "download_cases": ("下载反馈题集", "Download test cases"),
    # why an article was not cited
    "why": ("为什么没找到？", "Why not?"),
    "why_open": (
        "请先打开应该引用的那篇文章（在“文章”里找，或点最接近的内容），再点“为什么没找到？”。",
        "First open the article that should have been cited (find it under “Articles”, or click a nearest passage), then "
        "click “Why not?” again.",
    ),
    "why_steps": ("每一步的数字", "The numbers of each step"),
    **{f"why_{name}": words for name, words in WORDS.items()},
    # the source
    "source": ("原文", "Source"),
    "source_empty": (
        "点回答里的 [1]，原文在这里打开，引用的句子会标出来。",
        "Click [1] in an answer: its article opens here with the sentence marked.",
    ),
    "previous": ("上一处引用", "Previous citation"),
    "next": ("下一处引用", "Next citation"),
    "copy_quote": ("复制引文和出处", "Copy the quote with its reference"),
    "original": ("查看原网页", "Open the original"),
    "picture": ("图片，见原网页", "A picture, see the original"),
    "no_date": ("日期不详", "no date"),
    "source_changed": (
        "这篇文章后来改过，这里是回答时的文字。",
        "This article has changed since; this is the text that was cited.",
    ),
    "source_gone": (
        "这篇文章已不在文件夹里，这里是回答时的文字。",
        "This article is no longer in the folder; this is the text that was cited.",
    ),
    # the articles
    "articles": ("文章", "Articles"),
    "articles_search": ("搜索文章", "Search the articles"),
    "outlets": ("来源", "Outlets"),
    "categories": ("分类", "Categories"),
    "since": ("起始日期", "From"),
    "until": ("截止日期", "Until"),
    "day_hint": ("如 2021-06-01", "such as 2021-06-01"),
    "filters": ("筛选（也限定提问的范围）", "Filters (they bind the questions, too)"),
    "filters_on": ("只问：{filters}", "Only: {filters}"),
    "filters_clear": ("清除筛选", "Clear the filters"),
    "day_malformed": (
        "日期“{day}”看不懂，请写成 2021-06-01 这样。",
        "“{day}” is no date. Write it like 2021-06-01.",
    ),
    "listed": ("共 {total} 篇，第 {first}–{last} 篇", "{total} articles, {first}–{last}"),
    "listed_none": (
        "没有符合条件的文章，请放宽筛选或换个词。",
        "No article fits. Loosen the filters or try another word.",
    ),
    "article_gone": (
        "这篇文章已经不在文件夹里了。请刷新页面，另选一篇。",
        "This article is no longer in the folder. Reload the page and choose another.",
    ),
    "page_before": ("上一页", "Previous page"),
    "page_after": ("下一页", "Next page"),
    # one's own articles
    "add": ("添加", "Add"),
    "add_files": ("把文件或文件夹拖到这里", "Drop files or folders here"),
    "add_kinds": (".md .html .txt，可以多选", ".md .html .txt, many at once"),
    "add_choose": ("选择文件", "Choose files"),
    "add_sending": ("正在上传 {done} / {total}", "Uploading {done} of {total}"),
    "add_folder": ("选择整个文件夹", "Choose a folder"),
    "add_nothing": (
        "这里没有 .md、.html 或 .txt 文件，请另选。",
        "There are no .md, .html or .txt files here. Choose others.",
    ),
    "add_failed": ("无法读取所选的文件，请再选一次。", "The files could not be read. Choose them again."),
    "add_kept": ("文件已经存好，下次索引时读入。", "The files are kept, and read by the next indexing."),
    "add_none": ("还没有在这里添加过文章。", "No articles have been added here."),
    "added": ("在这里添加的文章", "Articles added here"),
    "add_copying": ("正在存入 {done} / {total} 个文件", "Keeping {done} of {total} files"),
    "add_read": ("正在读取 {done} / {total} 个文件", "Reading {done} of {total} files"),
    "add_embed": ("正在计算向量 {done} / {total}", "Embedding {done} of {total} texts"),
    "add_words": ("正在分词 {done} / {total}", "Cutting words, {done} of {total} passages"),
    "add_done": (
        "完成：新增或更新 {indexed} 篇，移除 {removed} 篇，搁置 {aside} 个文件。",
        "Done: {indexed} new or changed, {removed} removed, {aside} files set aside.",
    ),
    "set_aside": ("搁置的文件", "Files set aside"),
    "remove": ("移除", "Remove"),
    "aside_encoding": ("文字编码无法识别", "The encoding is not known"),
    "aside_binary": ("不是文本文件", "This is no text"),
    "aside_empty": ("没有正文", "There is no text in it"),
    "aside_header": ("文件头有误", "Its header is malformed"),
    "aside_name": ("文件名不能用", "Its name cannot be used"),
    "aside_too_large": ("文件太大", "It is too large"),
    "aside_timeout": ("读取太久", "Reading it took too long"),
    "aside_upload": ("没有传到，请再添加一次", "It did not arrive; add it again"),
    "aside_full": ("这里添加的文章已经太多，请先移除一些", "Too much has been added here; remove some first"),
    "aside_other": ("无法读取", "It cannot be read"),
    # conversations
    "new_conversation": ("新对话", "New conversation"),
    "conversations_search": ("搜索对话", "Search conversations"),
    "conversations_none": ("还没有对话。", "No conversations yet."),
    "conversations_not_found": ("没有找到这样的对话。", "No conversation holds this."),
    "conversations_more": ("还有 {count} 个对话，可用搜索找到。", "{count} more; a search finds them."),
    "error": ("出错了", "Error"),
    "rename": ("改名", "Rename"),
    "rename_label": ("对话的新名字", "New name of the conversation"),
    "save": ("保存", "Save"),
    "delete": ("删除", "Delete"),
    "deleted": ("已删除", "Deleted"),
    "undo": ("撤销", "Undo"),
    "export_markdown": ("导出 Markdown", "Export Markdown"),
    "export_html": ("导出网页", "Export HTML"),
    # the exported file
    "export_when": (
        "{created} 至 {changed}（北京时间），{today} 导出",
        "{created} to {changed} Beijing time, exported {today}",
    ),
    "export_asked": ("{moment} 提问", "Asked {moment}"),
    "export_stopped": ("（已停止，没有回答。）", "(Stopped without an answer.)"),
    "export_failed": ("（没有得到回答：{error}）", "(No answer: {error})"),
    "export_sources": ("引文", "Quotes"),
    "export_place": ("{path}，第 {start}–{end} 字", "{path}, characters {start}–{end}"),
    "export_back": ("回到正文", "Back to the text"),
    "menu": ("对话记录", "Conversations"),
    "other_language": ("English", "中文"),
    "keys_hint": ("J / K 在引用间移动", "J / K move between citations"),
    # what the guard refuses; programs are told in English
    "guard_event": ("这不是本页发出的操作。请刷新页面。", "This is no event of the page. Reload it."),
    "guard_host": (
        "本服务只供这台电脑使用。请用 {address} 加端口号打开。",
        "This server answers on this machine only. Open it as {address}, with its port.",
    ),
    "guard_passwords": (
        "密码错得太多了。请等 {seconds} 秒再试。",
        "Too many wrong passwords. Wait {seconds} seconds.",
    ),
    "guard_sign_in": ("请用你的名字和密码登录。", "Sign in with your name and password."),
    "guard_read_only": (
        "本服务是只读的。要添加文章，请找它的管理员。",
        "This server is read-only. Ask who runs it to add the articles.",
    ),
    "guard_clicks": (
        "一分钟里的操作超过了 {most} 次。请等 {seconds} 秒。",
        "More than {most} clicks a minute. Wait {seconds} seconds.",
    ),
    "guard_questions": (
        "一分钟里的问题超过了 {most} 个。请等 {seconds} 秒。",
        "More than {most} questions a minute. Wait {seconds} seconds.",
    ),
    "guard_origin": (
        "这个请求来自别的网站。请打开本服务的页面提问。",
        "This request comes from another site. Open the page of this server and ask there.",
    ),
    "guard_nothing": ("这里什么也没有。请从 / 打开页面。", "There is nothing here. Open / for the page."),
    "guard_too_large": (
        "请求超过了 {size} MiB。请一次少发一些。",
        "The request is larger than {size} MiB. Send less at a time.",
    ),
    # errors of rag, by class; those that are not here are shown as they are
    "QuestionError": (
        "问题不能为空，也不能超过 2000 字。请改短或重写。",
        "The question is blank, or longer than 2,000 characters. Write another.",
    ),
    "FilterError": (
        "没有文章符合所选的来源、分类或路径。请改选。",
        "No article has the outlet, category or path that was chosen. Choose another.",
    ),
    "NothingToIndexError": (
        "没有可以索引的文章：文章的文件夹不见了、是空的，或这是最后一篇。原来的文章仍可提问。"
        "要指明文件夹，请在终端运行 wenfeng index 文章文件夹",
        "There is nothing to index: the folder of articles is gone or empty, or this is the last article. "
        "What was indexed still answers. To name the folder, run: wenfeng index ARTICLES",
    ),
    "IndexBusyError": (
        "另一个程序正在更新索引，请稍后再试。",
        "Another program is updating the index. Try again in a while.",
    ),
    "IndexCorruptError": (
        "索引文件损坏了。请在终端运行 wenfeng index 文章文件夹 --rebuild",
        "The index is damaged. Run: wenfeng index ARTICLES --rebuild",
    ),
    "IndexMissingError": (
        "没有索引。请在终端运行 wenfeng index 文章文件夹",
        "There is no index. Run: wenfeng index ARTICLES",
    ),
    "IndexMismatchError": (
        "索引与设置不符。请在终端运行 wenfeng index 文章文件夹 --rebuild",
        "The index does not fit the settings. Run: wenfeng index ARTICLES --rebuild",
    ),
    "ModelError": (
        "模型无法使用。请在终端运行 wenfeng doctor 查看原因。",
        "A model cannot be used. Run: wenfeng doctor",
    ),
    "SettingsError": (
        "设置有误。请在终端运行 wenfeng doctor 查看原因。",
        "A setting has no meaning. Run: wenfeng doctor",
    ),
    "ArticleError": (
        "这个文件不能用，或已经不在了。请刷新页面。",
        "This file cannot be used, or is gone. Reload the page.",
    ),
    "ConversationsFileError": (
        "保存对话的文件损坏了。请看终端里的说明。",
        "The file of conversations is damaged. See what the terminal says.",
    ),
    "DiskError": (
        "磁盘已满或无法写入。请腾出空间后再试。",
        "The disk is full or refuses. Make room and try again.",
    ),
    "ConversationMissingError": (
        "这个对话已经不在了，请从左侧另选一个，或开始新对话。",
        "This conversation is gone. Choose another, or begin a new one.",
    ),
    "ReadOnlyError": (
        "本服务是只读的，不能添加或移除文章。",
        "This server is read-only: articles are neither added nor removed.",
    ),
    "UnderWayError": (
        "上一个问题还在回答。请稍等，或先点停止。",
        "The question before is still being answered. Wait, or stop it first.",
    ),
    "BusyError": (
        "排队的问题太多了，请过几秒再问。",
        "Too many questions are waiting. Ask again in a few seconds.",
    ),
    "TitleError": ("名字须有 1 到 80 个字。", "A name has 1 to 80 characters."),
    "failed": (
        "出了点问题（编号 {number}）。请重试；若还不行，请把编号告诉维护者。",
        "Something went wrong (error {number}). Try again; if it stays, report the number.",
    ),
}


def say(language: Language, name: str, **values: object) -> str:
    """One string of the catalogue, its ``{names}`` filled in.

    Raises:
        KeyError: there is no such string, or a value that it needs is missing.
    """
    return CATALOGUE[name][LANGUAGES.index(language)].format(**values)


def say_error(language: Language, error: Exception) -> str:
    """An error as a sentence of the page: the catalogue's, or its own where the catalogue has none."""
    name = type(error).__name__
    return say(language, name) if language == "zh" and name in CATALOGUE else str(error)


def to_language(text: str | None) -> Language:
    """The language that a cookie or a query names; Chinese where it names none of ours."""
    return "en" if text == "en" else "zh"
