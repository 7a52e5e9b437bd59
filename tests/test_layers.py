"""Which module may import what, read from the sources themselves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("rag", "embeddings", "eval", "ui")
ALLOWED = {"embeddings": set(), "rag": {"embeddings"}, "eval": {"rag", "embeddings"}, "ui": {"rag"}}
"""What each package of ours may import of ours, itself aside."""

HOMES = {
    "faiss": {"embeddings/index.py"},
    "sentence_transformers": {"embeddings/sentence.py"},
    "frontmatter": {"rag/articles.py"},
    "selectolax": {"rag/markup.py"},
    "jieba": {"rag/words.py", "rag/question.py"},
    "opencc": {"rag/words.py"},
    "bm25s": {"rag/lexical.py"},
    "datasketch": {"rag/copies.py"},
    "pydantic_settings": {"rag/settings.py"},
    "langchain_core": {"rag/chain.py"},
    "sqlite3": {"rag/store.py", "rag/generations.py", "ui/conversations.py"},
    "gradio": {"ui/page.py", "ui/events.py", "ui/server.py"},
    "uvicorn": {"ui/server.py"},
    "openvino": {"embeddings/layers.py"},
    "watchfiles": {"rag/watch.py"},
    "pypinyin": {"rag/question.py", "rag/alike.py"},
}
"""The only files that may import a library."""


def imports(path: Path) -> set[str]:
    return imports_of(ast.parse(path.read_text(encoding="utf-8")))


def imports_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def imports_at_start(path: Path) -> set[str]:
    """What a module imports outside of its functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [ast.Pass()]
    return imports_of(tree)


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_between_packages_go_one_way(package: str) -> None:
    for path in sources(package):
        # The command line alone reaches forward, and only inside its commands.
        found = imports_at_start(path) if path.name == "cli.py" else imports(path)
        ours = found & set(PACKAGES) - {package}
        assert ours <= ALLOWED[package], f"{path} imports {ours - ALLOWED[package]}"


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_in_its_home_only(library: str) -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for package in ("rag", "embeddings", "ui")
        for path in sources(package)
        if library in imports(path)
    }
    assert users == HOMES[library]


def test_the_reading_finds_what_is_imported(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("import faiss.contrib\nfrom jieba import cut\n")
    assert imports(source) == {"faiss", "jieba"}


def test_what_a_function_imports_is_told_from_what_its_module_does(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("import os\n\ndef run():\n    import ui\n")
    assert imports_at_start(source) == {"os"}
    assert imports(source) == {"os", "ui"}
