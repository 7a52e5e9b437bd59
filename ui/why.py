"""Where an expected article was lost -> HTML. Pure."""

from rag.trace import Trace
from rag.why_words import say_lost, say_next, to_lines
from ui.markup import escape
from ui.strings import Language, say


def render_trace(trace: Trace, language: Language) -> str:
    """A headline, what to do, and every step with its numbers."""

    def say_here(name: str, **values: object) -> str:
        return say(language, f"why_{name}", **values)

    rows = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in to_lines(trace, say_here)
    )
    return (
        f'<section class="why" aria-label="{escape(say(language, "why"))}">'
        f"<h3>{escape(say_lost(trace, say_here))}</h3><p>{escape(say_next(trace, say_here))}</p>"
        f'<details class="how"><summary>{escape(say(language, "why_steps"))}</summary><dl>{rows}</dl></details>'
        "</section>"
    )


def render_unknown(language: Language) -> str:
    """What is said while no article is open."""
    return f'<section class="why"><p role="status">{escape(say(language, "why_open"))}</p></section>'
