"""A feed on a bare register: lists, a licence that every change belongs to, keys, a folder. Nothing else is issued."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from issuer import signers
from issuer.feed import reversal_keys
from issuer.feed.assembling import offline_keys
from issuer.feed.feeding import Feed, Tick
from issuer.feed.leading import Leadership
from issuer.feed.settings import FeedSettings
from issuer.feed.sql_log import SqlLog
from issuer.keys.box import LIBSODIUM_INTERACTIVE
from issuer.profile import Places, Profile
from issuer.register import Register
from issuer.register_schema import allocation_list, licence, status_event, status_list
from issuer.signers import Signers
from protocol import trust_list
from protocol.keys import Signer, signer_for
from protocol.labels import Alg, KeyUse
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, UnixTime
from revocation import lint
from revocation.publishing.folder_store import FolderStore
from revocation.publishing.objects import ObjectStore
from tests.issuer.builders import AT
from tests.issuer.feed_terminal import REGION, FeedTerminal

OFFLINE: Signer = signer_for(Alg.ED25519, bytes(31) + b"\7")
_LATER = UnixTime(AT + 1_000 * DAY)


def hundredth(monkeypatch: pytest.MonkeyPatch) -> None:
    """The brake at a hundredth of its size, for publisher and terminal alike; `bench.publish` has the whole of it."""
    monkeypatch.setattr(lint, "MAX_PER_DELTA", lint.MAX_PER_DELTA // 100)
    monkeypatch.setattr(lint, "MAX_PER_WINDOW", tuple((span, most // 100) for span, most in lint.MAX_PER_WINDOW))


class OpenLeadership(Leadership):
    """A lock that keeps nobody away: what must hold without it."""

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()


class FeedWorld:
    """One region's feed in `folder`; `at` is now, and only `tick` moves it."""

    def __init__(
        self,
        folder: Path,
        *,
        lists: int = 2,
        database: str = "register.sqlite",
        url: str | None = None,
        is_new: bool = True,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.places = Places(folder)
        self.profile = Profile(REGION, "GA", AT, True)
        self.at = AT
        self._random = random.Random(1)
        url = url or f"sqlite:///{folder / database}"
        if self.places.keys.exists():
            self.signers = signers.load(self.places, passphrase=None, random_bytes=self._random.randbytes)
        else:
            self.signers = signers.create(
                self.places, passphrase=None, argon2=LIBSODIUM_INTERACTIVE, random_bytes=self._random.randbytes
            )
        self.register = Register.create(url) if is_new else Register.open(url)
        if is_new:
            self._fill(lists)
        self.feed = self.feed_of()
        self.publish_trust()
        self.terminal = FeedTerminal(self.places.published, self.signers.root.public_key)

    def feed_of(
        self,
        *,
        its_signers: Signers | None = None,
        stores: list[ObjectStore] | None = None,
        leadership: type[Leadership] = Leadership,
        settings: FeedSettings | None = None,
    ) -> Feed:
        """Another process with this feed."""
        chosen = settings or FeedSettings()
        return Feed(
            profile=self.profile,
            log=SqlLog(self.register),
            signers=its_signers or self.signers,
            leadership=leadership(self.register, lock=self.places.folder / "feed.lock"),
            stores=[FolderStore(self.places.published)] if stores is None else stores,
            settings=lambda: chosen,
            trust=lambda at: offline_keys(self.profile, self.register, at),
        )

    def publish_trust(self) -> None:
        """The region's trust list: its status key and the offline keys."""
        prefixes = (f"lz:{REGION}/",)
        anchors = [
            TrustAnchor(self.profile.iss, key, use, frozenset(), prefixes, _LATER, _LATER)
            for key, use in (
                (self.signers.status.public_key, KeyUse.STATUS),
                *((key, KeyUse.REVERSAL) for key in reversal_keys.listed(self.register)),
            )
        ]
        signed = trust_list.sign(TrustList(REGION, 1, AT, _LATER, trust_list.index(tuple(anchors))), self.signers.root)
        FolderStore(self.places.published).put("trust.cbor", signed)

    def trust_offline(self) -> None:
        reversal_keys.add(self.register, OFFLINE.public_key, actor="test", at=self.at)
        self.publish_trust()

    def tick(self, *, seconds: int = 60) -> Tick:
        """The next minute's tick, after which a terminal that polls every minute has come along."""
        self.at = UnixTime(self.at + seconds)
        made = self.feed.tick(at=self.at)
        assert made is not None
        held = self.terminal.poll()
        assert (held.position.epoch, held.position.seq, held.head) == (made.epoch, made.seq, made.head)
        return made

    def change(self, idx: int, new: int, *, old: int = 0, number: int = 1, due: int = 0, urgent: bool = True) -> int:
        """A change in the register; its number."""
        return self.change_many([(idx, old, new)], number=number, due=due, urgent=urgent)

    def change_many(
        self, changes: list[tuple[int, int, int]], *, number: int = 1, due: int = 0, urgent: bool = True
    ) -> int:
        rows = [
            {
                "licence_id": "L",
                "list_number": number,
                "idx": idx,
                "old": old,
                "new": new,
                "reason": "test",
                "actor": "test",
                "at": self.at,
                "due": self.at + due,
                "urgent": int(urgent),
            }
            for idx, old, new in changes
        ]
        with self.register.writing() as connection:
            if rows:
                connection.execute(insert(status_event), rows)
            return connection.execute(select(func.max(status_event.c.seq))).scalar() or 0

    def open_lists(self, numbers: range) -> None:
        with self.register.writing() as connection:
            connection.execute(insert(status_list), [{"number": number, "seq": 0} for number in numbers])
            rows = [{"number": number, "ends": _LATER, "given": 0, "is_open": 1} for number in numbers]
            connection.execute(insert(allocation_list), rows)

    def retire(self, number: int) -> None:
        with self.register.writing() as connection:
            connection.execute(
                update(allocation_list).where(allocation_list.c.number == number).values(retired_at=self.at, is_open=0)
            )

    def names(self) -> set[str]:
        return {path.name for path in (self.places.published / "feed").iterdir()}

    def _fill(self, lists: int) -> None:
        with self.register.writing() as connection:
            row = {"id": "L", "vct": 1, "subject": "{}", "holder_name": "测试员甲", "holder_number": "9901"}
            connection.execute(insert(licence).values(**row, status=0, recorded_at=AT))
        self.open_lists(range(1, lists + 1))


@contextmanager
def closing(world: FeedWorld) -> Iterator[FeedWorld]:
    try:
        yield world
    finally:
        world.register.close()


class FailingStore:
    """A folder that fails once, at the operation with this number: before it, or after it was done."""

    def __init__(self, store: FolderStore, *, at: int, error: Callable[[], Exception], after: bool) -> None:
        self._store, self._at, self._error, self._after = store, at, error, after
        self.operations = 0
        self.address = store.address

    def _do(self, what: Callable[[], object]) -> object:
        self.operations += 1
        fails = self.operations == self._at
        if fails and not self._after:
            raise self._error()
        result = what()
        if fails:
            raise self._error()
        return result

    def put_if_absent(self, name: str, content: bytes) -> bool:
        return bool(self._do(lambda: self._store.put_if_absent(name, content)))

    def put(self, name: str, content: bytes) -> None:
        self._do(lambda: self._store.put(name, content))

    def get(self, name: str, *, max_bytes: int) -> bytes | None:
        found = self._do(lambda: self._store.get(name, max_bytes=max_bytes))
        assert found is None or isinstance(found, bytes)
        return found

    def remove(self, name: str) -> None:
        self._do(lambda: self._store.remove(name))

    def tidy(self) -> None:
        self._store.tidy()
