"""However a folder came to be, its index is that of a fresh run: a state machine adds, edits, renames and deletes."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from embeddings.encoder import Encoder
from rag import Settings
from rag.assistant import index_folder, load_encoder
from rag.retrieve import encode_question, find_passages
from rag.store import Index

SENTENCES = (
    "青汀市图书馆新开了一间临江阅览室，座位二百一十六个。",
    "新能源汽车的销量在第三季度增长了一倍。",
    "气象台说，周末将有小雨，气温下降五度。",
    "博物馆的夜场从本月起每周五开放到晚上十点。",
    "剧院推出了儿童专场，票价三十元。",
    "The port opened yesterday and received three hundred tons of fruit.",
    "[图片]",
)
NAMES = ("甲.md", "乙.txt", "子/丙.html", "子/丁.md", "戊.md")
QUESTIONS = ("阅览室有多少座位", "周末天气怎么样", "what did the port receive", "票价")


class Folder(RuleBasedStateMachine):
    """A folder that changes, its index refreshed now and then."""

    encoder: Encoder

    @initialize(first=st.sampled_from(SENTENCES))
    def begin(self, first: str) -> None:
        self.place = Path(tempfile.mkdtemp())
        self.posts = self.place / "posts"
        self.write("始.md", [first])
        self.is_stale = True

    def write(self, name: str, sentences: list[str], title: str = "") -> None:
        path = self.posts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        header = f"---\ntitle: {title}\n---\n" if title else ""
        path.write_text(f"{header}<p>{'</p><p>'.join(sentences)}</p>", encoding="utf-8")
        self.is_stale = True

    @rule(
        name=st.sampled_from(NAMES),
        sentences=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4),
        title=st.sampled_from(("", "要闻", "快讯")),
    )
    def add_or_edit(self, name: str, sentences: list[str], title: str) -> None:
        self.write(name, sentences, title)

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        (self.posts / name).unlink(missing_ok=True)
        self.is_stale = True

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def rename(self, old: str, new: str) -> None:
        if (self.posts / old).exists():
            (self.posts / new).parent.mkdir(exist_ok=True)
            (self.posts / old).replace(self.posts / new)
            self.is_stale = True

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def copy(self, old: str, new: str) -> None:
        if (self.posts / old).exists() and old != new:
            (self.posts / new).parent.mkdir(exist_ok=True)
            shutil.copy(self.posts / old, self.posts / new)
            self.is_stale = True

    @rule(name=st.sampled_from(NAMES))
    def spoil(self, name: str) -> None:
        self.write(name, [])
        (self.posts / name).write_bytes(b"\x00\x01\x00")

    @rule()
    def refresh(self) -> None:
        index_folder(self.posts, self.place / "index", self.encoder, Settings())
        self.is_stale = False

    @invariant()
    def the_index_is_that_of_a_fresh_run(self) -> None:
        if self.is_stale:
            return
        fresh_root = self.place / "fresh"
        shutil.rmtree(fresh_root, ignore_errors=True)
        index_folder(self.posts, fresh_root, self.encoder, Settings())
        kept, fresh = Index.open(self.place / "index"), Index.open(fresh_root)
        try:
            assert list(kept.articles()) == list(fresh.articles())
            assert kept.stamps() == fresh.stamps()
            assert kept.set_aside() == fresh.set_aside()
            for name in ("passages", "sentences", "stories"):
                np.testing.assert_array_equal(getattr(kept, name), getattr(fresh, name))
            for row in range(len(kept.passages)):
                assert kept.words.words(row) == fresh.words.words(row)
            for question in QUESTIONS:
                vector = encode_question(self.encoder, question)
                mine, theirs = (
                    {each.hit.passage: each.hit.score for each in find_passages(index, vector, question, 10)}
                    for index in (kept, fresh)
                )
                assert mine.keys() == theirs.keys()
                for passage, score in mine.items():
                    assert abs(score - theirs[passage]) <= 1e-3
                best, expected = (list(find_passages(index, vector, question, 3)) for index in (kept, fresh))
                for here, there in zip(best, expected, strict=True):
                    assert abs(mine[here.hit.passage] - mine[there.hit.passage]) <= 1e-3  # at most swapped
        finally:
            kept.close()
            fresh.close()
        self.is_stale = True  # compared

    def teardown(self) -> None:
        shutil.rmtree(getattr(self, "place", ""), ignore_errors=True)


@pytest.mark.parametrize("seed", [1])
def test_a_refreshed_index_is_a_fresh_one(seed: int) -> None:
    Folder.encoder = load_encoder(Settings())
    run_state_machine_as_test(
        Folder,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
