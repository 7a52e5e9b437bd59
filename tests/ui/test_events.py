"""What a browser may send as an event's values, and what is made of it."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from ui.events import MOST_FILES, TOO_LARGE, _uploaded


def sent(files: object) -> gr.EventData:
    return gr.EventData(None, {"files": files})


def arrived(name: str) -> dict[str, Any]:
    folder = Path(get_upload_folder()) / "test-events"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("a", encoding="utf-8")
    return {"name": name, "kept": f"test-events/{name}"}


def test_every_file_that_was_chosen_is_named_whatever_became_of_it() -> None:
    good, large = arrived("a.md"), {"name": "b.md", "kept": TOO_LARGE}
    found = _uploaded(
        sent([good, large, {"name": "c.md", "kept": ""}, {"name": "d.md", "kept": "../../etc/passwd"}])
    )
    assert [each.name for each in found] == ["a.md", "b.md", "c.md", "d.md"]
    assert [each.path is not None for each in found] == [True, False, False, False]
    assert [each.is_too_large for each in found] == [False, True, False, False]


def test_files_beyond_the_most_at_a_time_are_named_as_not_arrived() -> None:
    found = _uploaded(sent([arrived("a.md")] * (MOST_FILES + 2)))
    assert len(found) == MOST_FILES + 2
    assert [each.path is None for each in found[-3:]] == [False, True, True]


def test_what_is_no_list_of_files_is_none() -> None:
    for files in (None, "a.md", {"name": "a.md"}, [None, 1, "a.md", {"name": 1}, {"kept": "a"}]):
        assert _uploaded(sent(files)) == []
