"""Publishes what terminals and wallets read: a folder of signed static files that any web server can serve.

root.cbor, trust.cbor, catalogue.cbor, policy.cbor, directory.cbor, status/<list>.cwt, and last status/aggregation.json,
so that who reads the aggregation finds every list that it names; and after all of them the feed (`issuer.feed`). Each
file is put atomically. Two publishers of one folder wait for each other, so an older status never replaces a newer one.
A crash costs a sequence number, no file.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from issuer import durable_files
from issuer.feed.feeding import Feed
from issuer.keys import anchors
from issuer.keys import register as rows_of_keys
from issuer.keys.records import KeyRecord, signing_ends
from issuer.profile import Profile
from issuer.recognition.register import Recognised, with_recognised
from issuer.register import Register, StoredDocument
from issuer.signers import Signers
from issuer.status_tokens import StatusTokens
from protocol import appraisal_policy, cbor, directory, trust_list
from protocol.appraisal_policy import AppraisalPolicy, PolicyRow
from protocol.directory import Office, PurposeItems, Site, WalletDirectory
from protocol.keys import Signer, VerificationKey
from protocol.labels import KeyUse, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue, Kind
from protocol.rehearsal import Rehearsal
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, Seconds, UnixTime

DOCUMENT_LIFE: Final = Seconds(30 * DAY)
RESIGN_AFTER: Final = DAY

DIRECTORY: Final = "directory"
_POLICY: Final = "policy"
_TRUST: Final = "trust"
_STATUS: Final = "status"
AGGREGATION: Final = f"{_STATUS}/aggregation.json"


@dataclass(frozen=True, slots=True)
class Listings:
    """What changes in the documents while an issuer is open: sites and offices in the directory, keys and staff in the
    trust list, withdrawn terminals in both, other regions in the policy.

    `has_staff`: somebody was certified, so that terminals need the staff key. Before that no list has it, and readers
    that do not know its use read every list."""

    sites: Mapping[str, Site]
    withdrawn: frozenset[bytes]
    offices: tuple[Office, ...]
    offline: tuple[VerificationKey, ...]
    recognised: tuple[Recognised, ...]
    has_staff: bool
    withdrawn_staff: frozenset[bytes]
    keys: tuple[KeyRecord, ...]


_Anchors = Mapping[tuple[str, bytes], TrustAnchor]
_NOTHING_LISTED: Final = Listings({}, frozenset(), (), (), (), False, frozenset(), ())
_Build = Callable[[int, UnixTime, UnixTime, Listings, _Anchors, Signer], bytes]


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
        tokens: StatusTokens,
        signers: Signers,
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
        stricter: Mapping[tuple[int, Purpose, str], PolicyRow],
        listings: Callable[[UnixTime], Listings],
        lock: Path,
        folder: Path,
        feed: Feed,
    ) -> None:
        self._profile, self._register, self._signers, self._lock = profile, register, signers, lock
        self._feed = feed
        self._tokens, self._listings, self._folder = tokens, listings, folder
        self._kinds, self._kept = frozenset(kinds), kept(rows)
        self._documents = self._builders(kinds, rows, stricter)
        # The same statement under fixed counters: equal exactly when the content and the key are.
        nobody = Rehearsal(signers.root.public_key)
        self._content = {
            name: sha256(build(1, UnixTime(0), UnixTime(1), _NOTHING_LISTED, {}, nobody)).digest()
            for name, build in self._documents.items()
        }

    def publish(self, folders: tuple[Path, ...], *, at: UnixTime) -> Publication:
        """Sign what is due and put everything into each of these folders.

        Raises:
            StorageFailed: A file or the lock; files that are already there stay complete.
            RegisterUnavailable: The register did not answer.
            FeedStopped, StatusKeyReplaced: The feed; all other files are there.
        """
        with durable_files.exclusively(self._lock):
            files = {"root.cbor": cbor.encode(self._signers.root.public_key.cose_key)}
            listed = self._listed(at)
            files |= {f"{name}.cbor": self._current(name, at, listed) for name in self._documents}
            tokens = self._tokens.current(at)
            seqs = {self._profile.list_uri(number): signed.seq for number, signed in tokens.items()}
            files |= {f"{_STATUS}/{number}.cwt": signed.encoded for number, signed in tokens.items()}
            files[AGGREGATION] = json.dumps({"status_lists": list(seqs)}).encode()
            for folder in folders:
                durable_files.make_folder(folder / _STATUS, mode=0o755)
                for name, content in files.items():
                    # A file that stays the same keeps its ETag: nobody downloads it again.
                    if not durable_files.holds(folder / name, content):
                        durable_files.write_atomically(folder / name, content, mode=durable_files.PUBLIC)
                for number in _lists_in(folder) - tokens.keys():
                    # Retired: no aggregation names it any more.
                    durable_files.remove(folder / _STATUS / f"{number}.cwt")
        # After the trust list, which may name a new status key.
        self._feed.publish(files, further=folders[1:], at=at)
        return Publication(files, seqs, at)

    def publish_new_lists(self, folders: tuple[Path, ...], *, at: UnixTime) -> None:
        """Publish if a list was opened since, for what has just been issued stands in it. Raises: as `publish`."""
        if not self._tokens.all_published():
            self.publish(folders, at=at)

    def published_lists(self) -> frozenset[int]:
        """The lists that have a token in the issuer's own folder."""
        return _lists_in(self._folder)

    def wallet_directory(self, *, at: UnixTime) -> bytes:
        """The signed directory that goes into a licence package. Raises: as `publish`."""
        listed = self._listings(at)
        stored = self._fresh(DIRECTORY, at, listed)
        if stored is not None:
            return stored
        with durable_files.exclusively(self._lock):
            return self._current(DIRECTORY, at, listed)

    def published_directory(self) -> bytes:
        """The signed directory as it was published last. Raises: RegisterUnavailable."""
        stored = self._register.stored_document(DIRECTORY)
        assert stored is not None, "an issuer publishes before it is one"
        return stored.encoded

    def _listed(self, at: UnixTime) -> Listings:
        listed, status = self._listings(at), self._signers.status.public_key
        if any(each.key == status for each in listed.keys):
            return listed
        rows_of_keys.replace_status(self._register, status, sign_until=signing_ends(at), at=at)
        return self._listings(at)

    def _content_with(self, name: str, listed: Listings, at: UnixTime) -> bytes:
        content: cbor.Value = ()
        if name == _TRUST:
            content = (trust_list.anchors_to_value(self._anchors(listed, at)),)
            content = (*content, tuple(sorted(listed.withdrawn_staff | listed.withdrawn)))
        elif name == _POLICY:
            content = tuple((each.region, each.vct, int(each.purpose)) for each in listed.recognised)
        elif name == DIRECTORY:
            content = (
                trust_list.anchors_to_value(_for_wallets(self._anchors(listed, at))),
                tuple((code, site.name, site.relying_party) for code, site in sorted(listed.sites.items())),
                tuple(sorted(listed.withdrawn)),
                directory.offices_to_value(listed.offices),
            )
        return sha256(self._content[name] + cbor.encode(content)).digest()

    def _fresh(self, name: str, at: UnixTime, listed: Listings) -> bytes | None:
        stored = self._register.stored_document(name)
        unchanged = stored is not None and stored.content_sha256 == self._content_with(name, listed, at)
        return stored.encoded if stored is not None and unchanged and at - stored.iat <= RESIGN_AFTER else None

    def _current(self, name: str, at: UnixTime, listed: Listings) -> bytes:
        """The stored document, or a new one where the content changed or a day has passed. Call under the lock."""
        fresh = self._fresh(name, at, listed)
        if fresh is not None:
            return fresh
        seq = self._register.next_document_seq(name)
        its_anchors = self._anchors(listed, at)
        encoded = self._documents[name](seq, at, UnixTime(at + DOCUMENT_LIFE), listed, its_anchors, self._signers.root)
        stored = StoredDocument(seq, self._content_with(name, listed, at), at, encoded)
        self._register.store_document(name, stored)
        return encoded

    def _builders(
        self,
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
        stricter: Mapping[tuple[int, Purpose, str], PolicyRow],
    ) -> Mapping[str, _Build]:
        region = self._profile.region
        maxima = {key: PurposeItems(row.mandatory, row.optional, row.separate_consent) for key, row in rows.items()}
        return {
            _TRUST: lambda seq, iat, exp, listed, its_anchors, root: trust_list.sign(
                TrustList(region, seq, iat, exp, its_anchors, listed.withdrawn_staff | listed.withdrawn), root
            ),
            "catalogue": lambda seq, iat, exp, _, __, root: catalogue.sign(
                Catalogue(region, seq, iat, exp, kinds), root
            ),
            _POLICY: lambda seq, iat, exp, listed, _, root: appraisal_policy.sign(
                AppraisalPolicy(region, seq, iat, exp, with_recognised(rows, listed.recognised), stricter), root
            ),
            DIRECTORY: lambda seq, iat, exp, listed, its_anchors, root: directory.sign(
                WalletDirectory(
                    region,
                    seq,
                    iat,
                    exp,
                    kinds,
                    maxima,
                    _for_wallets(its_anchors),
                    listed.sites,
                    listed.withdrawn,
                    listed.offices,
                ),
                root,
            ),
        }

    def _anchors(self, listed: Listings, at: UnixTime) -> _Anchors:
        return anchors.anchors(
            # The staff key once somebody is certified: before that no list has it, and readers that do not know its
            # use read every list.
            (each for each in listed.keys if each.use is not KeyUse.STAFF or listed.has_staff),
            listed.offline,
            iss=self._profile.iss,
            region=self._profile.region,
            kinds=self._kinds,
            kept=self._kept,
            offline_until=signing_ends(self._profile.created_at),
            at=at,
        )


def _for_wallets(its_anchors: _Anchors) -> _Anchors:
    return {pair: anchor for pair, anchor in its_anchors.items() if anchor.use in directory.USES}


def kept(rows: Mapping[tuple[int, Purpose], PolicyRow]) -> Seconds:
    """Seconds for which the journal rows of any check are kept at most."""
    return Seconds(max(row.retention_days for row in rows.values()) * DAY)


def _lists_in(folder: Path) -> frozenset[int]:
    names = (path.stem for path in (folder / _STATUS).glob("*.cwt"))
    return frozenset(int(name) for name in names if name.isascii() and name.isdecimal())
