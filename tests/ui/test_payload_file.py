"""Checks the payload file itself, so that a browser test which trusts it cannot pass on spoilt lines."""

import base64
import html
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

FILE = Path(__file__).resolve().parents[1] / "payloads.jsonl"
KINDS = (
    "script",
    "handler",
    "url",
    "svg",
    "style",
    "media",
    "markdown",
    "template",
    "encoding",
    "mutation",
    "json",
    "latex",
    "attribute",
    "path",
)
LONGEST = 600
BASE64 = re.compile(r"(?<=;base64,)[A-Za-z0-9+/]+=*")
ESCAPE = re.compile(r"\\u(?:([0-9a-f]{4})|\{([0-9a-f]+)\})")
NAME = re.compile(r"p\d{3}")
CALL = re.compile(r"wenfengPayloadRan\(([^,)]*)\)")
HOST = re.compile(r"payload\.invalid[/\\](p\d{3})")


def decode(text: str) -> str:
    """Undoes what a browser or a careless page would undo, so that a hidden call or host can be read."""
    text = BASE64.sub(lambda found: base64.b64decode(found[0]).decode("latin-1"), text)
    text = ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), html.unescape(text))
    return unicodedata.normalize("NFKC", unquote(text)).replace("。", ".").replace("\x00", "")


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return FILE.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


@pytest.fixture(scope="module")
def payloads(lines: list[str]) -> list[Mapping[str, str]]:
    return [json.loads(line) for line in lines]


def test_there_are_at_least_170_payloads(payloads: list[Mapping[str, str]]) -> None:
    assert len(payloads) >= 170


def test_a_line_holds_only_printing_characters(lines: list[str]) -> None:
    assert [line for line in lines if not line.isprintable()] == []


def test_a_payload_has_an_id_a_kind_and_a_text(payloads: list[Mapping[str, str]]) -> None:
    for payload in payloads:
        assert list(payload) == ["id", "kind", "text"], payload
        assert all(isinstance(value, str) for value in payload.values()), payload


def test_ids_count_up_from_one(payloads: list[Mapping[str, str]]) -> None:
    assert [payload["id"] for payload in payloads] == [f"p{n:03d}" for n in range(1, len(payloads) + 1)]


def test_every_kind_has_at_least_8_payloads(payloads: list[Mapping[str, str]]) -> None:
    counts = Counter(payload["kind"] for payload in payloads)
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 8, counts


def test_texts_differ_in_more_than_the_id(payloads: list[Mapping[str, str]]) -> None:
    counts = Counter(payload["text"].replace(payload["id"], "") for payload in payloads)
    assert [text for text, count in counts.items() if count > 1] == []


def test_a_text_fits_every_field(payloads: list[Mapping[str, str]]) -> None:
    for payload in payloads:
        assert 1 <= len(payload["text"]) <= LONGEST, payload["id"]
        payload["text"].encode("utf-8")  # a lone surrogate could not be written to an article


def test_a_text_names_its_own_id_and_no_other(payloads: list[Mapping[str, str]]) -> None:
    for payload in payloads:
        names = set(NAME.findall(decode(payload["text"])))
        # Names such as CON or ".." are hostile as they stand; an id would make them harmless.
        assert names == {payload["id"]} or (payload["kind"] == "path" and not names), payload


def test_a_text_that_is_no_path_runs_or_fetches_under_its_id(payloads: list[Mapping[str, str]]) -> None:
    for payload in payloads:
        text, name = decode(payload["text"]), payload["id"]
        calls = [found.strip("\\'\"`") for found in CALL.findall(text)]
        assert set(calls + HOST.findall(text)) == {name} or payload["kind"] == "path", payload
        assert text.count("wenfengPayloadRan") == len(calls), payload
        assert len(calls) == text.count("window.wenfengPayloadRan("), payload
        assert len(HOST.findall(text)) == text.count("payload.invalid"), payload
