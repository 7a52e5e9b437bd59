"""Settings: from arguments, then the environment, then ``wenfeng.toml``, then the defaults written here.

``Settings.load()`` reads them all; ``Settings(...)`` takes arguments and the environment alone. A key that does
not exist is an error that names the near ones.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as MalformedVariableError

from rag.errors import SettingsError

SETTINGS_FILE = "wenfeng.toml"
_PREFIX = "WENFENG_"
_OTHER_VARIABLES = frozenset({"WENFENG_CACHE"})
"""Variables with our prefix that are no settings: where the model folder is kept."""
_USERS_ADVICE = (
    'Write auth = ["name:password"], each name once and of 1 to 64 printable characters without a colon, each '
    f"password of at least 8 characters; in the environment {_PREFIX}SERVE__AUTH='[\"name:password\"]'."
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbeddingSettings(_Section):
    """Which model turns text into vectors.

    Attributes:
        model: ``"bundled"``, a folder, or the name of a sentence-transformers model on the hub.
        device: a torch device; None chooses.
        dtype: None takes what is fast on this machine.
        query_prompt, passage_prompt: put before a text; None takes the model's own.
    """

    model: Annotated[str, Field(min_length=1)] = "bundled"
    device: str | None = None
    dtype: Literal["float32", "bfloat16", "float16", "int8"] | None = None
    query_prompt: str | None = None
    passage_prompt: str | None = None


class PassageSettings(_Section):
    """How articles are cut.

    Attributes:
        size: the most characters of a passage.
        overlap: sentences repeated from one passage to the next.
    """

    size: Annotated[int, Field(ge=100, le=2000)] = 500
    overlap: Annotated[int, Field(ge=0, le=3)] = 1


class SearchSettings(_Section):
    """How passages are found.

    Attributes:
        k: how many passages are considered for an answer; our reader reads the best of them.
    """

    k: Annotated[int, Field(ge=1, le=100)] = 10


class AnswerSettings(_Section):
    """How an answer is made.

    Attributes:
        sentences: the most sentences of an answer; of each part, where a question asks several things.
        risk: the largest share of wrong answers that is borne: questions are answered only where a calibration promises
            no more. None bears what is shipped.
    """

    sentences: Annotated[int, Field(ge=1, le=10)] = 3
    risk: Annotated[float | None, Field(gt=0, lt=1)] = None


class ReaderSettings(_Section):
    """Whether our own reader looks at the passages found, on the device and in the dtype of ``[embedding]``.

    Attributes:
        enabled: without it an answer comes faster and is wrong more often; the README has the figures.
    """

    enabled: bool = True


class ServeSettings(_Section):
    """Where the page is served, and to whom.

    Attributes:
        port: 0 takes any that is free.
        read_only: nobody can add or remove articles in the page.
        auth: who may sign in, each ``"name:password"``; empty lets everyone in.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 7860
    read_only: bool = False
    auth: Annotated[tuple[str, ...], Field(repr=False)] = ()

    @field_validator("auth")
    @classmethod
    def _check_users(cls, auth: tuple[str, ...]) -> tuple[str, ...]:
        names = set()
        for number, (name, colon, password) in enumerate((user.partition(":") for user in auth), start=1):
            if not (colon and 0 < len(name) <= 64 and name.isprintable() and len(password) >= 8):
                raise ValueError(f"user {number} is malformed")
            if name in names:
                raise ValueError(f"the name of user {number} stands there twice")
            names.add(name)
        return auth

    def users(self) -> dict[str, str]:
        """Passwords by name."""
        return {name: password for name, _, password in (user.partition(":") for user in self.auth)}


class Settings(BaseSettings):
    """All settings, checked and frozen.

    Raises:
        SettingsError: a key is unknown, or a value has no meaning.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    embedding: EmbeddingSettings = EmbeddingSettings()
    passages: PassageSettings = PassageSettings()
    search: SearchSettings = SearchSettings()
    answer: AnswerSettings = AnswerSettings()
    reader: ReaderSettings = ReaderSettings()
    serve: ServeSettings = ServeSettings()

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  (pydantic checks them)
        _check_environment()
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None
        except MalformedVariableError as error:
            raise SettingsError(_explain_variable(error)) from None

    @classmethod
    def load(cls, file: Path | None = None, **values: Any) -> Self:  # noqa: ANN401
        """Read the settings file and the environment; ``values`` win over both.

        Args:
            file: a TOML file; None takes ``wenfeng.toml`` of the current folder if there is one.
            values: sections by name, such as ``embedding={"model": "bundled"}``.

        Raises:
            SettingsError: the file cannot be read, a key is unknown, or a value has no meaning.
        """
        try:
            environment = EnvSettingsSource(cls)()
        except MalformedVariableError as error:
            raise SettingsError(_explain_variable(error)) from None
        return cls(**_merge(_merge(_read_file(file), environment), values))


def _read_file(file: Path | None) -> dict[str, Any]:
    path = file or Path(SETTINGS_FILE)
    if file is None and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"Cannot read the settings file {path}: {error.strerror}. Name an existing one with --config FILE."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}. Mend that line or remove the file.") from None


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(inner, value) if both else value  # type: ignore[arg-type]
    return merged


def _check_environment() -> None:
    """Refuse a variable that looks like a setting and is none: pydantic would pass over it in silence."""
    known = [f"{_PREFIX}{key.upper().replace('.', '__')}" for key in _all_keys()]
    sections = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith(_PREFIX) and name not in {*known, *sections, *_OTHER_VARIABLES}:
            raise SettingsError(f"Unknown environment variable {name}. {_near(name, known)}")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"Unknown setting {key}. {_near(key, _all_keys())}"
    if key == "serve" or key.startswith("serve.auth"):  # what was written holds passwords and is not repeated
        return f"Setting {key} has no meaning: {first['msg'].removeprefix('Value error, ')}. {_USERS_ADVICE}"
    return f"Setting {key} = {first['input']!r} has no meaning: {first['msg']}. Change it in {SETTINGS_FILE}."


def _explain_variable(error: MalformedVariableError) -> str:
    return f"An environment variable is malformed: {error}. Set single keys, such as {_PREFIX}SEARCH__K=5."


def _all_keys() -> list[str]:
    return [
        f"{section}.{key}"
        for section, field in Settings.model_fields.items()
        for key in field.annotation.model_fields  # type: ignore[union-attr]
    ]


def _near(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=3, cutoff=0.5) or known
    return f"Did you mean {' or '.join(near)}?"
