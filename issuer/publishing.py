"""Publishes what terminals and wallets read: a folder of signed static files that any web server can serve.

root.cbor, trust.cbor, catalogue.cbor, policy.cbor, directory.cbor, status/<list>.cwt, and last status/aggregation.json,
so that who reads the aggregation finds every list that it names. Each file is put atomically. Two publishers of one
folder wait for each other, so an older status never replaces a newer one. A crash costs a sequence number, no file.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from issuer import durable_files
from issuer.profile import Profile
from issuer.register import Register, StoredDocument
from issuer.signers import Signers
from protocol import appraisal_policy, cbor, directory, status_list, trust_list, unixtime
from protocol.appraisal_policy import AppraisalPolicy, PolicyRow
from protocol.directory import PurposeItems, WalletDirectory
from protocol.labels import KeyUse, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue, Kind
from protocol.status_list import StatusListToken
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime

STATUS_TTL: Final = HOUR
STATUS_LIFE: Final = Seconds(7 * DAY)
DOCUMENT_LIFE: Final = Seconds(30 * DAY)
RESIGN_AFTER: Final = DAY
SIGNING_YEARS: Final = Seconds(2 * 365 * DAY)
"""How long the keys of an issuer may sign, from its creation on."""
RELIED_AFTER: Final = Seconds(120 * DAY)
"""Nothing that they signed lives longer than a credential."""

DIRECTORY: Final = "directory"
AGGREGATION: Final = "status/aggregation.json"

_Build = Callable[[int, UnixTime, UnixTime], bytes]


@dataclass(frozen=True, slots=True)
class Publication:
    """What one publication put into the folder: files by relative name, and the sequence number of each list."""

    files: Mapping[str, bytes]
    status_seq: Mapping[str, int]
    at: UnixTime


class Publisher:
    """Signs and writes everything that one issuer publishes."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        signers: Signers,
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
        lock: Path,
    ) -> None:
        self._profile, self._register, self._signers, self._lock = profile, register, signers, lock
        self._documents = self._builders(kinds, rows)
        # The same statement under fixed counters: equal exactly when the content and the key are.
        self._content = {
            name: sha256(build(1, UnixTime(0), UnixTime(1))).digest() for name, build in self._documents.items()
        }

    def publish(self, folders: tuple[Path, ...], *, at: UnixTime) -> Publication:
        """Sign what is due and put everything into each of these folders.

        Raises:
            StorageFailed: A file or the lock; files that are already there stay complete.
            RegisterUnavailable: The register did not answer.
        """
        with durable_files.exclusively(self._lock):
            files = {"root.cbor": cbor.encode(self._signers.root.public_key.cose_key)}
            files |= {f"{name}.cbor": self._current(name, at) for name in self._documents}
            lists = self._register.begin_status_publication()
            seqs = {self._profile.list_uri(number): seq for number, (seq, _) in lists.items()}
            for number, (seq, entries) in lists.items():
                token = StatusListToken(
                    iss=self._profile.iss,
                    uri=self._profile.list_uri(number),
                    seq=seq,
                    iat=at,
                    exp=UnixTime(at + STATUS_LIFE),
                    ttl=STATUS_TTL,
                    entries=status_list.pack({idx: int(status) for idx, status in entries.items()}),
                )
                files[f"status/{number}.cwt"] = status_list.sign(token, self._signers.status)
            files[AGGREGATION] = json.dumps({"status_lists": sorted(seqs)}).encode()
            for folder in folders:
                durable_files.make_folder(folder / "status", mode=0o755)
                for name, content in files.items():
                    # A file that stays the same keeps its ETag: nobody downloads it again.
                    if not durable_files.holds(folder / name, content):
                        durable_files.write_atomically(folder / name, content, mode=durable_files.PUBLIC)
        return Publication(files, seqs, at)

    def wallet_directory(self, *, at: UnixTime) -> bytes:
        """The signed directory that goes into a licence package. Raises: as `publish`."""
        stored = self._fresh(DIRECTORY, at)
        if stored is not None:
            return stored
        with durable_files.exclusively(self._lock):
            return self._current(DIRECTORY, at)

    def _fresh(self, name: str, at: UnixTime) -> bytes | None:
        stored = self._register.stored_document(name)
        if stored is None or stored.content_sha256 != self._content[name] or at - stored.iat > RESIGN_AFTER:
            return None
        return stored.encoded

    def _current(self, name: str, at: UnixTime) -> bytes:
        """The stored document, or a new one where the content changed or a day has passed. Call under the lock."""
        fresh = self._fresh(name, at)
        if fresh is not None:
            return fresh
        seq = self._register.next_document_seq(name)
        encoded = self._documents[name](seq, at, UnixTime(at + DOCUMENT_LIFE))
        self._register.store_document(name, StoredDocument(seq, self._content[name], at, encoded))
        return encoded

    def _builders(
        self, kinds: Mapping[int, Kind], rows: Mapping[tuple[int, Purpose], PolicyRow]
    ) -> Mapping[str, _Build]:
        root, region = self._signers.root, self._profile.region
        assertion, status = self._signers.assertion.public_key, self._signers.status.public_key
        begin = unixtime.local_midnight(unixtime.local_day(self._profile.created_at))
        sign_until = UnixTime(begin + SIGNING_YEARS)
        prefixes = (f"lz:{region}/",)
        anchors = tuple(
            TrustAnchor(
                iss=self._profile.iss,
                key=key,
                use=use,
                kinds=allowed,
                status_prefixes=prefixes,
                sign_until=sign_until,
                verify_until=UnixTime(sign_until + RELIED_AFTER),
            )
            for key, use, allowed in (
                (assertion, KeyUse.ASSERT, frozenset(kinds)),
                (status, KeyUse.STATUS, frozenset[int]()),
            )
        )
        by_pair = trust_list.index(anchors)
        maxima = {key: PurposeItems(row.mandatory, row.optional) for key, row in rows.items()}
        for_wallets = {pair: anchor for pair, anchor in by_pair.items() if anchor.use in directory.USES}
        return {
            "trust": lambda seq, iat, exp: trust_list.sign(TrustList(region, seq, iat, exp, by_pair), root),
            "catalogue": lambda seq, iat, exp: catalogue.sign(Catalogue(region, seq, iat, exp, kinds), root),
            "policy": lambda seq, iat, exp: appraisal_policy.sign(AppraisalPolicy(region, seq, iat, exp, rows), root),
            DIRECTORY: lambda seq, iat, exp: directory.sign(
                WalletDirectory(region, seq, iat, exp, kinds, maxima, for_wallets, {}), root
            ),
        }
