from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import Settings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_arguments_win_over_the_environment_and_that_over_the_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "wenfeng.toml").write_text("[passages]\nsize = 200\noverlap = 2\n[search]\nk = 3\n")
    monkeypatch.setenv("WENFENG_PASSAGES__SIZE", "300")
    settings = Settings.load(search={"k": 4})
    assert (settings.passages.size, settings.passages.overlap, settings.search.k) == (300, 2, 4)


def test_a_named_file_is_read_instead(place: Path) -> None:
    (place / "other.toml").write_text('[embedding]\nmodel = "BAAI/bge-m3"\n')
    assert Settings.load(place / "other.toml").embedding.model == "BAAI/bge-m3"
    assert Settings.load().embedding.model == "bundled"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[embedding]\nmodell = 'x'\n", r"Unknown setting embedding\.modell\. Did you mean embedding\.model"),
        ("[embeding]\nmodel = 'x'\n", r"Unknown setting embeding\. Did you mean embedding"),
        ("[search]\nk = 0\n", r"search\.k = 0 has no meaning"),
        ("[embedding]\ndtype = 'int4'\n", r"embedding\.dtype = 'int4' has no meaning"),
        ("passages = [", r"is not TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(place: Path, text: str, message: str) -> None:
    (place / "wenfeng.toml").write_text(text)
    with pytest.raises(SettingsError, match=message):
        Settings.load()


def test_a_missing_file_says_what_to_do(place: Path) -> None:
    with pytest.raises(SettingsError, match=r"Name an existing one with --config FILE"):
        Settings.load(place / "nothing.toml")


def test_an_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENFENG_EMBEDING__MODEL", "x")
    with pytest.raises(SettingsError, match=r"WENFENG_EMBEDDING__MODEL"):
        Settings()


def test_a_malformed_variable_is_an_error(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENFENG_SEARCH", "abc")
    with pytest.raises(SettingsError, match=r"WENFENG_SEARCH__K=5"):
        Settings.load()
    with pytest.raises(SettingsError, match=r"WENFENG_SEARCH__K=5"):
        Settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().search.k = 5
