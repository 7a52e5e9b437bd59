from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import ServeSettings, Settings


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


def test_serving_is_open_to_this_machine_alone_unless_told() -> None:
    serve = Settings().serve
    assert (serve.host, serve.port, serve.read_only, serve.users()) == ("127.0.0.1", 7860, False, {})


def test_a_password_may_hold_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENFENG_SERVE__AUTH", '["李雷:one:two:three", "a b:12345678"]')
    assert Settings().serve.users() == {"李雷": "one:two:three", "a b": "12345678"}


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("serve", "message"),
    [
        ({"auth": [SECRET]}, r"serve\.auth has no meaning: user 1 is malformed"),
        ({"auth": [f"alice:{SECRET}", f":{SECRET}"]}, r"user 2 is malformed"),
        ({"auth": ["alice:hunter2"]}, r"user 1 is malformed"),
        ({"auth": [f"{'a' * 65}:{SECRET}"]}, r"user 1 is malformed"),
        ({"auth": [f"a\nb:{SECRET}"]}, r"user 1 is malformed"),
        ({"auth": [f"alice:{SECRET}", f"alice:{SECRET}"]}, r"the name of user 2 stands there twice"),
        ({"auth": f"alice:{SECRET}"}, r"serve\.auth has no meaning: Input should be a valid tuple"),
        ({"auth": {"alice": SECRET}}, r"serve\.auth has no meaning: Input should be a valid tuple"),
        ({"auth": [[SECRET]]}, r"serve\.auth\.0 has no meaning: Input should be a valid string"),
        (SECRET, r"Setting serve has no meaning"),
    ],
)
def test_a_malformed_user_says_how_to_write_one_and_no_password(serve: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as raised:
        Settings(serve=serve)
    assert 'Write auth = ["name:password"], each name once and of 1 to 64 printable characters' in str(
        raised.value
    )
    assert "hunter2" not in str(raised.value)


def test_a_malformed_variable_of_users_tells_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENFENG_SERVE__AUTH", f"alice:{SECRET}")
    with pytest.raises(SettingsError, match="malformed") as raised:
        Settings()
    assert SECRET not in str(raised.value)


def test_settings_show_no_password() -> None:
    serve = ServeSettings(auth=(f"alice:{SECRET}",))
    assert SECRET not in f"{serve!r} {serve}"
    with pytest.raises(ValueError, match="user 1 is malformed") as raised:
        ServeSettings(auth=(SECRET,))
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_is_a_port(port: int) -> None:
    assert Settings(serve={"port": 0}).serve.port == 0
    with pytest.raises(SettingsError, match=rf"serve\.port = {port} has no meaning"):
        Settings(serve={"port": port})
