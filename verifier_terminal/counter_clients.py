"""Which programs at the counter may fetch what was checked: `counter.json` in the terminal's directory.

    {"clients": [{"name", "token_sha256", "purposes": [word, …], "items": [name or kind.name, …] or null, "created"}]}

Guaranteed: a token stands nowhere but with its client; the file has its SHA-256 alone, which is no weaker than a slow
hash because a token is 32 random bytes. A token is compared with every client's in constant time. The file is written
whole or not at all, and read anew by whoever asks, so that a client that was removed gets nothing more. Not handled
here: addresses and what a client is told (`web/counter_routes.py`).
"""

import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from protocol.labels import Purpose
from protocol.unixtime import UnixTime
from verifier_terminal.errors import TerminalError
from verifier_terminal.replacing import replace_file

FILE: Final = "counter.json"
MAX_BYTES: Final = 65_536
MOST_CLIENTS: Final = 16
MOST_ITEMS: Final = 64
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
ITEM: Final = re.compile(r"(?:[a-z0-9-]{1,40}\.)?[a-z0-9_]{1,40}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_WORDS: Final = frozenset(purpose.word for purpose in Purpose)


class CounterClientsUnusable(TerminalError):
    """The file that names the counter's programs is damaged, or what was to be written into it means nothing."""

    meaning = "the programs that may fetch checks from this terminal are not named in a way that can be used"
    advice = "add them again with `liangzheng terminal counter DIR add NAME`; until then nobody fetches anything"


class CounterClientExists(TerminalError):
    """A name stands for one token; another one under it would cut the first program off without a word."""

    meaning = "there is a counter client of this name already"
    advice = "remove it first with `liangzheng terminal counter DIR remove NAME`, which ends its token at once"


class UnknownCounterClient(TerminalError):
    """Nothing of this name is there to be removed."""

    meaning = "there is no counter client of this name"
    advice = "`liangzheng terminal counter DIR list` names them"


@dataclass(frozen=True, slots=True)
class CounterClient:
    """One program. `items` None: all that policy shows for the purpose; an item may be named with or without a kind."""

    name: str
    token_sha256: str
    purposes: tuple[str, ...]
    items: tuple[str, ...] | None
    created: UnixTime

    def may_have(self, slug: str, item: str) -> bool:
        """Whether this item of this kind is for it."""
        return self.items is None or item in self.items or f"{slug}.{item}" in self.items


def load(directory: Path) -> tuple[CounterClient, ...]:
    """Every client; none where there is no file.

    Raises:
        CounterClientsUnusable: The file is damaged.
    """
    try:
        with (directory / FILE).open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as failure:
        raise CounterClientsUnusable(f"{FILE}: {failure.strerror}") from failure
    if len(content) > MAX_BYTES:
        raise CounterClientsUnusable(f"{FILE} is longer than {MAX_BYTES} bytes")
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as wrong:
        raise CounterClientsUnusable(f"{FILE} is not JSON") from wrong
    match entries:
        case {"clients": list() as listed} if len(entries) == 1 and len(listed) <= MOST_CLIENTS:
            clients = tuple(_client(each) for each in listed)
        case _:
            raise CounterClientsUnusable(f"{FILE} has not one list of at most {MOST_CLIENTS} clients")
    if len({each.name for each in clients}) != len(clients):
        raise CounterClientsUnusable(f"{FILE} names one client twice")
    return clients


def add(
    directory: Path, name: str, *, purposes: Iterable[str], items: Iterable[str] | None, token: str, at: UnixTime
) -> CounterClient:
    """Lets a program fetch, from now on.

    Args:
        directory: The terminal's.
        name: Lower-case letters, digits and hyphens.
        purposes: Words of the purposes whose checks it gets.
        items: Catalogue names, `kind.item` or `item`; None: all that policy shows.
        token: Drawn at random; it is not kept.
        at: When.

    Raises:
        CounterClientExists: The name is taken.
        CounterClientsUnusable: Something means nothing, or cannot be written; nothing has changed.
    """
    clients = load(directory)
    if any(each.name == name for each in clients):
        raise CounterClientExists(name)
    wanted = {
        "name": name,
        "token_sha256": _digest_of(token),
        "purposes": sorted(set(purposes)),
        "items": None if items is None else sorted(set(items)),
        "created": at,
    }
    made = _client(wanted)
    _save(directory, (*clients, made))
    return made


def remove(directory: Path, name: str) -> None:
    """Ends this program's token.

    Raises:
        UnknownCounterClient: There is none.
        CounterClientsUnusable: It cannot be written; nothing has changed.
    """
    clients = load(directory)
    left = tuple(each for each in clients if each.name != name)
    if left == clients:
        raise UnknownCounterClient(name)
    _save(directory, left)


def find(clients: Iterable[CounterClient], token: str) -> CounterClient | None:
    """Whose token this is. Every client's is compared, so that the time tells nothing."""
    offered, found = _digest_of(token), None
    for each in clients:
        if hmac.compare_digest(each.token_sha256, offered):
            found = each
    return found


def _digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _save(directory: Path, clients: tuple[CounterClient, ...]) -> None:
    if len(clients) > MOST_CLIENTS:
        raise CounterClientsUnusable(f"at most {MOST_CLIENTS} clients")
    content = {"clients": [asdict(each) for each in clients]}
    try:
        replace_file(directory / FILE, json.dumps(content, indent=2).encode() + b"\n")
    except OSError as failure:
        raise CounterClientsUnusable(f"{FILE}: {failure.strerror}") from failure


def _client(entry: Any) -> CounterClient:
    if not isinstance(entry, dict) or entry.keys() != CounterClient.__dataclass_fields__.keys():
        raise CounterClientsUnusable(f"a client has exactly: {', '.join(CounterClient.__dataclass_fields__)}")
    name, digest, created = entry["name"], entry["token_sha256"], entry["created"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise CounterClientsUnusable("a name has 1 to 32 lower-case letters, digits and hyphens")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise CounterClientsUnusable(f"{name}: its token's digest is none")
    if type(created) is not int or created < 0:
        raise CounterClientsUnusable(f"{name}: it was made at no moment")
    purposes = _texts(entry["purposes"], f"{name}: purposes")
    if not purposes or not _WORDS.issuperset(purposes):
        raise CounterClientsUnusable(f"{name}: a purpose is one of {', '.join(sorted(_WORDS))}")
    items = None if entry["items"] is None else _texts(entry["items"], f"{name}: items")
    if items is not None and not all(ITEM.fullmatch(each) for each in items):
        raise CounterClientsUnusable(f"{name}: an item is named as in the catalogue, such as name or id-card.name")
    return CounterClient(name, digest, purposes, items, UnixTime(created))


def _texts(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS or not all(isinstance(each, str) for each in value):
        raise CounterClientsUnusable(f"{what}: a list of at most {MOST_ITEMS} words")
    return tuple(value)
