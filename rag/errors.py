"""Every error that Wenfeng raises on purpose.

    RagError
    ├── SettingsError        a setting is unknown or has no meaning
    ├── QuestionError        a question is blank or too long
    ├── FilterError          a filter names what no article has
    ├── ArticleError         one article cannot be read           (.path, .reason)
    ├── NothingToIndexError  no folder, or no article in it
    ├── IndexMissingError    there is no index
    ├── IndexMismatchError   the index was made with other settings (.expected, .found)
    ├── IndexCorruptError    the index on disk is damaged
    ├── IndexBusyError       another process is writing the index
    ├── DiskError            the disk is full or refuses
    └── ModelError           a model cannot be loaded

Mistakes of the calling code (``k`` below 1) are ``ValueError``. A message says what is wrong, names the value
and ends with what to do next. ``exit_code`` is what the command line ends with.
"""

from typing import ClassVar


class RagError(Exception):
    """Any error of Wenfeng; its text is one sentence for a person, with the next step."""

    exit_code: ClassVar[int] = 2


class SettingsError(RagError):
    """A setting is unknown, malformed or out of range."""


class QuestionError(RagError):
    """A question is blank or longer than the limit."""


class FilterError(RagError):
    """A filter names a category, outlet, author or path that no article has."""


class ArticleError(RagError):
    """One article cannot be read.

    Attributes:
        path: the file, relative to the folder of articles.
        reason: one of the short reasons of the index report, such as ``"encoding"`` or ``"empty"``.
        detail: what was found, for a person.
    """

    def __init__(self, path: str, reason: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.reason = reason
        self.detail = detail


class NothingToIndexError(RagError):
    """The folder of articles does not exist or is not known, is empty, or holds no readable article."""


class IndexMissingError(RagError):
    """No index stands where one was expected."""

    exit_code = 7


class IndexMismatchError(RagError):
    """The index was made with other settings or another model.

    Attributes:
        expected: what the settings ask for, by name.
        found: what the index was made with, by the same names.
    """

    exit_code = 5

    def __init__(self, message: str, expected: dict[str, object], found: dict[str, object]) -> None:
        super().__init__(message)
        self.expected = expected
        self.found = found


class IndexCorruptError(RagError):
    """A file of the index is missing, cut short or changed."""

    exit_code = 7


class IndexBusyError(RagError):
    """Another process holds the writer's lock."""

    exit_code = 6


class DiskError(RagError):
    """The disk refused to read or write."""

    exit_code = 4


class ModelError(RagError):
    """A model cannot be found, loaded or run."""

    exit_code = 8
