"""How sure an answer must be, and what is known of the share that is wrong all the same.

rag/calibration.json       what we ship: measured on public questions, with the models that are shipped
INDEX/calibration.json     of ``wenfeng eval calibrate``, on a set of the user's own; it takes the other's place
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from embeddings.encoder import Encoder
from embeddings.reader import Reader
from rag.errors import IndexCorruptError, IndexMismatchError
from rag.generations import disk_errors, flush
from rag.indexing import made_with
from rag.records import Calibration
from rag.settings import Settings

FILE = "calibration.json"
ADVICE = (
    "Calibrate again with wenfeng eval calibrate SET --risk SHARE, or remove the file to answer as shipped."
)


def judged_with(encoder: Encoder, reader: Reader | None, settings: Settings) -> dict[str, object]:
    """Everything that ``Answer.certainty`` depends on beside the articles, by names a person can read."""
    return {
        **made_with(encoder, settings),
        "reader": reader.digest[:16] if reader else "none",
        "passages read": settings.search.k,
        "sentences": settings.answer.sentences,
        "rules": hashlib.sha256((files("rag") / "rules.json").read_bytes()).hexdigest()[:16],
    }


def shipped_calibration(made_with: Mapping[str, object]) -> Calibration:
    """What comes with the install; with models other than those it was measured with, nothing is known of the risk."""
    row = _shipped()
    calibration = _parse({name: value for name, value in row.items() if name != "made_with"})
    if row["made_with"] == made_with:
        return calibration
    return replace(calibration, risk=1.0, set="", questions=0, answered=0, wrong=0)


@cache
def _shipped() -> dict[str, Any]:
    row: dict[str, Any] = json.loads((files("rag") / FILE).read_text(encoding="utf-8"))
    return row


def write_calibration(root: Path, calibration: Calibration, made_with: Mapping[str, object]) -> None:
    """Keep a calibration with the index at ``root``.

    Args:
        made_with: the models that it was measured with; others would be sure of other answers.

    Raises:
        DiskError: the disk refused.
    """
    with disk_errors(root):
        part = root / f"{FILE}.part"
        part.write_text(
            json.dumps({**asdict(calibration), "made_with": made_with}, ensure_ascii=False, indent=1),
            encoding="utf-8",
        )
        flush(part)
        part.replace(root / FILE)
        flush(root)


@dataclass
class _Read:
    """What was read last, and the stamp of its file."""

    stamp: tuple[int, int] | None
    calibration: Calibration


class CalibrationFile:
    """The calibration of one index, read again when it changes."""

    def __init__(self, root: Path, made_with: Mapping[str, object], risk: float | None = None) -> None:
        self._path = root / FILE
        self._made_with = made_with
        self._risk = risk
        self._read: _Read | None = None

    def current(self) -> Calibration:
        """What holds now.

        Raises:
            IndexMismatchError: it was measured with other models, or promises less than the settings want.
            IndexCorruptError: the file is damaged.
        """
        stamp = self._stamp()
        if self._read is None or self._read.stamp != stamp:
            self._read = _Read(stamp, shipped_calibration(self._made_with) if stamp is None else self._load())
        self._check_risk(self._read.calibration.risk)
        return self._read.calibration

    def _check_risk(self, promised: float) -> None:
        if self._risk is not None and promised > self._risk:
            raise IndexMismatchError(
                f"The settings bear a share of {self._risk:g} of wrong answers ([answer] risk), and nothing promises that "
                f"here. Calibrate with wenfeng eval calibrate SET --risk {self._risk:g} --index {self._path.parent}, or "
                "take the setting away.",
                {"risk": self._risk},
                {"risk": promised},
            )

    def _stamp(self) -> tuple[int, int] | None:
        try:
            stat = os.stat(self._path)
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def _load(self) -> Calibration:
        try:
            row = json.loads(self._path.read_text(encoding="utf-8"))
            made_with = row.pop("made_with")
            calibration = _parse(row)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexCorruptError(
                f"The calibration {self._path} cannot be read: {error}. {ADVICE}"
            ) from error
        if made_with != self._made_with:
            raise IndexMismatchError(
                f"The calibration {self._path} was measured with other models or settings. {ADVICE}",
                dict(self._made_with),
                made_with,
            )
        return calibration


def _parse(row: Mapping[str, Any]) -> Calibration:
    calibration = Calibration(**row)
    if not 0 <= calibration.threshold <= 1:
        raise ValueError(f"the threshold {calibration.threshold} is not between 0 and 1")
    return calibration
