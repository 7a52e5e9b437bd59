"""Conversations, and articles added in the page -> the HTML of their lists. Pure."""

from collections.abc import Sequence

from rag.added import ADDED, is_added
from rag.articles import MAX_BYTES
from rag.indexing import IndexReport
from rag.intake import SUFFIXES, SetAside
from ui.markup import escape
from ui.records import Entry
from ui.strings import CATALOGUE, Language, say

ASIDE_SHOWN = 50


def render_brand(language: Language) -> str:
    """The name, and on narrow screens the button that opens the conversations."""
    menu, send, stop = (escape(say(language, name)) for name in ("menu", "send", "stop"))
    return (
        f'<h1 data-label-send="{send}" data-label-stop="{stop}"><span lang="zh">问峰</span><small lang="en">Wenfeng</small></h1>'
        f'<button type="button" id="menu-button" class="tool" aria-label="{menu}" aria-expanded="false">☰</button>'
    )


def render_footer(language: Language) -> str:
    """The switch of languages, and the test cases made of votes."""
    other = "en" if language == "zh" else "zh"
    return (
        f'<a class="tool" href="/page/cases.jsonl" download>{escape(say(language, "download_cases"))}</a>'
        f'<button type="button" class="tool" data-language="{other}" lang="{other}">'
        f"{escape(say(language, 'other_language'))}</button>"
    )


def render_entries(
    entries: Sequence[Entry], current: str | None, language: Language, is_search: bool, total: int
) -> str:
    """The list of conversations, newest first.

    Args:
        current: the id of the one that is open.
        total: how many there are; those that are not among ``entries`` are counted below.
    """
    if not entries:
        name = "conversations_not_found" if is_search else "conversations_none"
        return f'<p class="hint" role="status">{escape(say(language, name))}</p>'
    more = total - len(entries)
    told = (
        f'<p class="hint">{escape(say(language, "conversations_more", count=f"{more:,}"))}</p>'
        if more
        else ""
    )
    rows = "".join(_render_entry(entry, current, language) for entry in entries)
    return f'<ul class="entries">{rows}</ul>{told}'


def render_drop(language: Language) -> str:
    """Where files and folders are dropped or chosen."""
    suffixes = ",".join(sorted(SUFFIXES))
    words = {
        name: escape(say(language, name))
        for name in ("add_files", "add_kinds", "add_choose", "add_folder", "add_nothing", "add_failed")
    }
    sending = escape(say(language, "add_sending", done="{done}", total="{total}"))  # page.js fills it in
    return (
        f'<div class="drop" data-drop data-suffixes="{suffixes}" data-most="{MAX_BYTES}" data-sending="{sending}" '
        f'data-nothing="{words["add_nothing"]}" data-failed="{words["add_failed"]}">'
        f'<p>{words["add_files"]}</p><p class="hint">{words["add_kinds"]}</p>'
        f'<label class="choose">{words["add_choose"]}'
        f'<input type="file" multiple accept="{suffixes}"></label>'
        f'<label class="choose">{words["add_folder"]}<input type="file" webkitdirectory></label>'
        '<p class="sending" role="status"></p></div>'
    )


def render_added(paths: Sequence[str], language: Language) -> str:
    """The articles that were added in the page, each with a button to remove it."""
    if not paths:
        return f'<p class="hint">{escape(say(language, "add_none"))}</p>'
    remove = escape(say(language, "remove"))
    items = "".join(
        f'<li><span class="name">{escape(_to_name(path))}</span> '
        f'<button type="button" class="tool" data-send="remove" data-article="{escape(path)}" '
        f'aria-label="{remove} {escape(path)}">{remove}</button></li>'
        for path in paths
    )
    return f'<h3>{escape(say(language, "added"))}</h3><ul class="added">{items}</ul>'


def render_progress(step: str, done: int, total: int, language: Language) -> str:
    """How far an index run is."""
    told = escape(say(language, f"add_{step}", done=f"{done:,}", total=f"{total:,}"))
    return f'<p role="status">{told}</p><progress max="{max(total, 1)}" value="{done}" aria-label="{told}"></progress>'


def render_report(report: IndexReport, refused: Sequence[SetAside], language: Language) -> str:
    """What an index run did, and what of the added files was set aside and why.

    Args:
        refused: files that were not even kept.
    """
    aside = [*refused, *(each for each in report.set_aside if is_added(each.path))]
    told = say(language, "add_done", indexed=report.indexed, removed=report.removed, aside=len(aside))
    return f'<p role="status">{escape(told)}</p>{_render_aside(aside, language)}'


def _render_aside(aside: Sequence[SetAside], language: Language) -> str:
    if not aside:
        return ""
    items = "".join(
        f"<li><b>{escape(_to_name(each.path))}</b> {escape(_say_reason(each.reason, language))}"
        f'<br><small lang="en">{escape(each.detail)}</small></li>'
        for each in aside[:ASIDE_SHOWN]
    )
    more = f"<li>… {len(aside) - ASIDE_SHOWN}</li>" if len(aside) > ASIDE_SHOWN else ""
    return f'<h3>{escape(say(language, "set_aside"))}</h3><ul class="aside">{items}{more}</ul>'


def _to_name(path: str) -> str:
    """A path as the user knows it: that of an added article without the name of our folder."""
    return path.removeprefix(f"{ADDED}/")


def _say_reason(reason: str, language: Language) -> str:
    name = f"aside_{reason.replace(' ', '_')}"
    return say(language, name if name in CATALOGUE else "aside_other")


def _render_entry(entry: Entry, current: str | None, language: Language) -> str:
    title = escape(entry.title or say(language, "untitled"))
    key = escape(entry.id)
    if entry.deleted:
        return (
            f'<li class="deleted"><span>{escape(say(language, "deleted"))} · {title}</span>'
            f'<button type="button" class="tool" data-send="restore" data-id="{key}">'
            f"{escape(say(language, 'undo'))}</button></li>"
        )
    words = {
        name: escape(say(language, name)) for name in ("rename", "rename_label", "save", "cancel", "delete")
    }
    is_current = ' aria-current="true"' if entry.id == current else ""
    exports = "".join(
        f'<a class="tool" href="/page/export/{key}.{kind}" download>{escape(say(language, name))}</a>'
        for kind, name in (("md", "export_markdown"), ("html", "export_html"))
    )
    return (
        f"<li{is_current}>"
        f'<button type="button" class="entry" data-send="open" data-id="{key}">{title}</button>'
        f'<details class="more"><summary aria-label="{title} …">⋯</summary><div class="menu">'
        f'<button type="button" class="tool" data-toggle="rename-{key}" aria-expanded="false">'
        f"{words['rename']}</button>{exports}"
        f'<button type="button" class="tool" data-send="delete" data-id="{key}">{words["delete"]}</button></div></details>'
        f'<form id="rename-{key}" hidden data-send="rename" data-id="{key}">'
        f'<input name="title" maxlength="80" required value="{title}" aria-label="{words["rename_label"]}">'
        f'<button type="submit">{words["save"]}</button>'
        f'<button type="button" class="plain" data-toggle="rename-{key}">{words["cancel"]}</button></form></li>'
    )
