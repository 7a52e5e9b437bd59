"""Conversations in one SQLite file: questions, answers as they were, votes.

Every article that an answer cites or comes near is kept whole, once, so an old answer opens with its quotes even after
its article was edited or taken out of the folder.
"""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.errors import DiskError, RagError
from rag.records import Article, Turn
from rag.words import fold
from ui.markup import to_text
from ui.records import (
    Conversation,
    Entry,
    Exchange,
    Vote,
    article_from_json,
    exchange_from_json,
    exchange_to_json,
    to_history,
    to_key,
    vote_from_json,
    vote_to_json,
)

__all__ = [
    "Conversation",
    "ConversationMissingError",
    "Conversations",
    "ConversationsFileError",
    "Entry",
    "Exchange",
    "TitleError",
    "Vote",
    "to_history",
]

LONGEST_TITLE = 80
"""Characters."""
FIRST_TITLE = 40
"""Characters of the question that names a new conversation."""
BUSY_SECONDS = 5.0
"""How long another process that writes is waited for."""
VERSION = 1
"""Of the tables; raised when an older Wenfeng could no longer read them."""
_TABLES = (
    """CREATE TABLE conversations (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, title TEXT NOT NULL,
        folded TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL, deleted TEXT)""",
    "CREATE INDEX conversations_by_owner ON conversations (owner, changed)",
    """CREATE TABLE exchanges (
        id TEXT PRIMARY KEY, conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, body TEXT NOT NULL, folded TEXT NOT NULL, UNIQUE (conversation, position))""",
    "CREATE TABLE articles (key TEXT PRIMARY KEY, body TEXT NOT NULL)",
    """CREATE TABLE named (
        exchange TEXT NOT NULL REFERENCES exchanges (id) ON DELETE CASCADE,
        article TEXT NOT NULL REFERENCES articles (key), PRIMARY KEY (exchange, article))""",
    "CREATE INDEX named_by_article ON named (article)",
    """CREATE TABLE votes (
        exchange TEXT PRIMARY KEY REFERENCES exchanges (id) ON DELETE CASCADE, body TEXT NOT NULL)""",
    f"PRAGMA user_version = {VERSION}",
)


# instr() takes every character as it is, where LIKE would read % and _.
_LISTED = """FROM conversations WHERE owner = ?1 AND (?2 = '' OR instr(folded, ?2)
             OR id IN (SELECT conversation FROM exchanges WHERE instr(folded, ?2)))"""


class ConversationMissingError(RagError):
    """There is no such conversation or question, or it is another's, or it was deleted."""


class TitleError(RagError):
    """The name of a conversation is blank or too long."""


class ConversationsFileError(DiskError):
    """The file of conversations is damaged, or of a newer Wenfeng, or of another program."""


class Conversations:
    """The conversations of all owners. Safe to use from several threads, and by several processes.

    What names a conversation or an exchange raises ``ConversationMissingError`` where there is none, or it is another
    owner's, or it was deleted; anything may raise ``DiskError``.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, made with its folders where there is none.

        Raises:
            DiskError: the disk refuses.
            ConversationsFileError: the file is damaged or not of this version.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # what people ask is nobody else's business
        except OSError as error:
            raise DiskError(
                f"Cannot make {path}: {error.strerror}. Make room or allow writing there, or name another file."
            ) from error
        with _explained(path):
            self._connection = sqlite3.connect(
                path, BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except RagError:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with _explained(self._path):
            for setting in ("journal_mode = WAL", "foreign_keys = ON", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {setting}")
            (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise _damaged(self._path, verdict)
        with self._transaction() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if version > VERSION:
                raise ConversationsFileError(
                    f"{self._path} was written by a newer Wenfeng (form {version}; this one reads up to {VERSION}). "
                    "Update Wenfeng, or move the file away to begin a new one."
                )
            if version == 0 and tables:
                raise ConversationsFileError(f"{self._path} is another program's. Name another file.")
            if version == 0:
                for statement in _TABLES:
                    connection.execute(statement)

    def entries(self, owner: str, query: str = "", most: int = -1) -> list[Entry]:
        """The conversations of an owner, newest change first; a deleted one as such until it is purged.

        Args:
            query: what the name, a question or an answer must hold; case, width and script do not matter.
            most: the most that are given; -1 gives all.
        """
        with self._transaction() as connection:
            rows = connection.execute(
                f"SELECT id, title, changed, deleted {_LISTED} ORDER BY changed DESC, number DESC LIMIT ?3",
                (owner, _fold(query.strip()), most),
            ).fetchall()
        return [
            Entry(name, title, datetime.fromisoformat(changed), deleted is not None)
            for name, title, changed, deleted in rows
        ]

    def count(self, owner: str, query: str = "") -> int:
        """How many conversations ``entries`` would give."""
        with self._transaction() as connection:
            (count,) = connection.execute(
                f"SELECT count(*) {_LISTED}", (owner, _fold(query.strip()))
            ).fetchone()
        return int(count)

    def open(self, owner: str, conversation_id: str) -> Conversation:
        """A conversation with its answers as they were.

        Raises:
            ConversationsFileError: what was kept is damaged.
        """
        mine = "(SELECT id FROM exchanges WHERE conversation = ?)"
        with self._transaction() as connection:
            _check(connection, owner, conversation_id)
            title, created, changed = connection.execute(
                "SELECT title, created, changed FROM conversations WHERE id = ?", (conversation_id,)
            ).fetchone()
            bodies, articles, votes = (
                connection.execute(query, (conversation_id,)).fetchall()
                for query in (
                    "SELECT body FROM exchanges WHERE conversation = ? ORDER BY position",
                    "SELECT key, body FROM articles WHERE key IN"
                    f" (SELECT article FROM named WHERE exchange IN {mine})",
                    f"SELECT exchange, body FROM votes WHERE exchange IN {mine}",
                )
            )
        try:
            kept = {key: _checked_article(key, body) for key, body in articles}
            return Conversation(
                conversation_id,
                owner,
                title,
                created=datetime.fromisoformat(created),
                changed=datetime.fromisoformat(changed),
                exchanges=tuple(exchange_from_json(body, kept) for (body,) in bodies),
                votes={exchange_id: vote_from_json(body) for exchange_id, body in votes},
            )
        except (ValueError, TypeError, LookupError) as error:
            raise _damaged(self._path, f"conversation {conversation_id}: {error}") from error

    def add(
        self, owner: str, conversation_id: str | None, exchange: Exchange, instead: str | None = None
    ) -> str:
        """Append an exchange; None makes a conversation, named by the question.

        Args:
            instead: the id of an exchange that is dropped first, and all after it.

        Returns:
            The conversation's id.

        Raises:
            ValueError: an exchange of this id is kept already.
        """
        now = _now()
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM exchanges WHERE id = ?", (exchange.id,)).fetchone():
                raise ValueError(f"exchange {exchange.id!r} is kept already")
            if conversation_id is None:
                conversation_id = secrets.token_hex(16)
                title = _one_line(exchange.question)[:FIRST_TITLE].strip()
                connection.execute(
                    "INSERT INTO conversations (id, owner, title, folded, created, changed) VALUES (?, ?, ?, ?, ?, ?)",
                    (conversation_id, owner, title, _fold(title), now, now),
                )
            _check(connection, owner, conversation_id)
            if instead is not None:
                _cut(connection, owner, conversation_id, instead)
            connection.execute(
                "INSERT INTO exchanges SELECT ?, ?, coalesce(max(position), 0) + 1, '', '' FROM exchanges"
                " WHERE conversation = ?",
                (exchange.id, conversation_id, conversation_id),
            )
            _fill(connection, conversation_id, exchange)
        return conversation_id

    def update(self, owner: str, conversation_id: str, exchange: Exchange) -> None:
        """Replace the exchange of the same id; a vote on the answer before falls."""
        with self._transaction() as connection:
            _check_exchange(connection, owner, exchange.id, conversation_id)
            (before,) = connection.execute(
                "SELECT body FROM exchanges WHERE id = ?", (exchange.id,)
            ).fetchone()
            after = _fill(connection, conversation_id, exchange)
            if json.loads(before)["answer"] != json.loads(after)["answer"]:
                connection.execute("DELETE FROM votes WHERE exchange = ?", (exchange.id,))

    def votes(self, owner: str, conversation_id: str) -> dict[str, Vote]:
        """The votes on a conversation's answers, by the ids of their exchanges; none where there is no such."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT exchange, votes.body FROM votes JOIN exchanges ON exchanges.id = votes.exchange"
                " JOIN conversations ON conversations.id = exchanges.conversation"
                " WHERE conversations.id = ? AND owner = ?",
                (conversation_id, owner),
            )
            return {exchange_id: vote_from_json(body) for exchange_id, body in rows}

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Name a conversation; it keeps its place in the list.

        Raises:
            TitleError: the name is blank, or longer than 80 characters.
        """
        title = _one_line(title)
        if not 1 <= len(title) <= LONGEST_TITLE:
            raise TitleError(
                f"A name has 1 to {LONGEST_TITLE} characters, this one has {len(title)}. Write another."
            )
        with self._transaction() as connection:
            _check(connection, owner, conversation_id)
            _set(connection, conversation_id, "title", title)
            _set(connection, conversation_id, "folded", _fold(title))

    def delete(self, owner: str, conversation_id: str) -> None:
        """Hide a conversation until ``restore`` or ``purge``."""
        with self._transaction() as connection:
            _check(connection, owner, conversation_id)
            _set(connection, conversation_id, "deleted", _now())

    def restore(self, owner: str, conversation_id: str) -> None:
        """Undo ``delete``; nothing happens to one that is not deleted."""
        with self._transaction() as connection:
            _check(connection, owner, conversation_id, even_deleted=True)
            _set(connection, conversation_id, "deleted", None)

    def purge(self, before: datetime) -> None:
        """Really remove what was deleted before a moment, and the articles that no answer names any more.

        Args:
            before: aware.
        """
        with self._transaction() as connection:
            connection.execute("DELETE FROM conversations WHERE deleted < ?", (_to_stamp(before),))
            connection.execute("DELETE FROM articles WHERE key NOT IN (SELECT article FROM named)")

    def vote(self, owner: str, exchange_id: str, vote: Vote | None) -> None:
        """Keep a vote in place of an earlier one; None takes it back."""
        with self._transaction() as connection:
            _check_exchange(connection, owner, exchange_id)
            connection.execute("DELETE FROM votes WHERE exchange = ?", (exchange_id,))
            if vote is not None:
                connection.execute("INSERT INTO votes VALUES (?, ?)", (exchange_id, vote_to_json(vote)))

    def rated(self, owner: str) -> Iterator[tuple[Exchange, tuple[Turn, ...], Vote]]:
        """Each exchange with a vote, the turns before it, and the vote; oldest conversation first."""
        with self._transaction() as connection:
            names = connection.execute(
                "SELECT id FROM conversations WHERE owner = ? AND deleted IS NULL AND id IN"
                " (SELECT conversation FROM exchanges JOIN votes ON votes.exchange = exchanges.id) ORDER BY number",
                (owner,),
            ).fetchall()
        for (name,) in names:
            try:
                conversation = self.open(owner, name)
            except ConversationMissingError:
                continue  # deleted since it was listed
            for position, exchange in enumerate(conversation.exchanges):
                if exchange.id in conversation.votes:
                    history = to_history(conversation.exchanges[:position])
                    yield exchange, history, conversation.votes[exchange.id]

    def close(self) -> None:
        """Let the file go, once what is under way is written."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one thread at a time, on one state of the file whatever other processes write."""
        with self._lock, _explained(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.commit()
            finally:
                self._connection.rollback()  # does nothing after a commit


def _check(
    connection: sqlite3.Connection, owner: str, conversation_id: str, even_deleted: bool = False
) -> None:
    row = connection.execute(
        "SELECT deleted FROM conversations WHERE id = ? AND owner = ?", (to_text(conversation_id), owner)
    ).fetchone()
    if row is None or (row[0] is not None and not even_deleted):
        raise ConversationMissingError(
            "There is no such conversation, or it was deleted. Choose one from the list."
        )


def _cut(connection: sqlite3.Connection, owner: str, conversation_id: str, exchange_id: str) -> None:
    _check_exchange(connection, owner, exchange_id, conversation_id)
    connection.execute(
        "DELETE FROM exchanges WHERE conversation = ?"
        " AND position >= (SELECT position FROM exchanges WHERE id = ?)",
        (conversation_id, exchange_id),
    )
    _set(connection, conversation_id, "changed", _now())


def _check_exchange(
    connection: sqlite3.Connection, owner: str, exchange_id: str, conversation_id: str | None = None
) -> None:
    row = connection.execute(
        "SELECT conversation FROM exchanges WHERE id = ?", (to_text(exchange_id),)
    ).fetchone()
    if row is None or row[0] != (conversation_id or row[0]):
        raise ConversationMissingError("This question is no longer in the conversation. Ask it again.")
    _check(connection, owner, row[0])


def _fill(connection: sqlite3.Connection, conversation_id: str, exchange: Exchange) -> str:
    """Write an exchange into its row, and the articles that it names; the JSON of the exchange."""
    body, articles = exchange_to_json(exchange)
    said = exchange.answer.text if exchange.answer else ""
    connection.execute(
        "UPDATE exchanges SET body = ?, folded = ? WHERE id = ?",
        (body, _fold(f"{exchange.question}\n{said}"), exchange.id),
    )
    connection.executemany("INSERT OR IGNORE INTO articles VALUES (?, ?)", articles.items())
    connection.execute("DELETE FROM named WHERE exchange = ?", (exchange.id,))
    connection.executemany("INSERT INTO named VALUES (?, ?)", [(exchange.id, key) for key in articles])
    _set(connection, conversation_id, "changed", _now())
    return body


def _set(connection: sqlite3.Connection, conversation_id: str, column: str, value: str | None) -> None:
    connection.execute(f"UPDATE conversations SET {column} = ? WHERE id = ?", (value, conversation_id))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What SQLite reports, as an error that says what to do."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as error:
        kind = error.sqlite_errorcode & 0xFF  # the rest of the code says where it happened
        if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _damaged(path, str(error)) from error
        raise DiskError(
            f"Cannot use {path}: {error}. Make room, allow writing there, or end what else writes it; then try again."
        ) from error


def _damaged(path: Path, reason: str) -> ConversationsFileError:
    return ConversationsFileError(
        f"The conversations in {path} cannot be read: {reason}. Move it away, with {path.name}-wal and"
        f" {path.name}-shm where they are, and start again: a new file is made."
    )


def _checked_article(key: str, body: str) -> Article:
    if to_key(body) != key:
        raise ValueError(f"article {key[:16]} was changed")
    return article_from_json(body)


def _now() -> str:
    return _to_stamp(datetime.now(UTC))


def _to_stamp(moment: datetime) -> str:
    """A moment as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _one_line(text: str) -> str:
    return " ".join(to_text(text).split())


def _fold(text: str) -> str:
    return fold(to_text(text))
