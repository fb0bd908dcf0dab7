"""Those who keep a repository, with keys that cost nothing to open; and regions that publish."""

import secrets
from pathlib import Path

from nacl import pwhash

from protocol import cbor, keys, trust_list
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, UnixTime
from revocation.repository import authority
from revocation.repository.authority import Making
from revocation.repository.key_files import Strength
from revocation.repository.publication import Published
from tests.revocation.repository.simulator import NOW
from tests.utopia import kinds
from tests.utopia.randomness import Drbg

PASSPHRASE = "a passphrase of the tests"
CHEAP = Strength(pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN)
MAKING = Making(lambda _: PASSPHRASE, secrets.token_bytes, CHEAP)
REGIONS = ("330000", "330100", "340000")


def root_of(region: str) -> Signer:
    return keys.signer_for(Alg.ED25519, Drbg("roots").fork(region)(32))


def publish_documents(folder: Path, region: str, *, seq: int = 1, root: Signer | None = None) -> Path:
    """What an issuer of this region publishes, as far as the repository reads it."""
    signer = root or root_of(region)
    folder.mkdir(parents=True, exist_ok=True)
    until = UnixTime(NOW + 30 * DAY)
    iss = f"{region}.GA"
    anchor = TrustAnchor(
        iss, signer.public_key, KeyUse.ASSERT, frozenset({kinds.DRIVING_LICENCE}), (f"lz:{region}/",), until, until
    )
    trust = TrustList(iss, seq, NOW, until, trust_list.index((anchor,)))
    (folder / "root.cbor").write_bytes(cbor.encode(signer.public_key.cose_key))
    (folder / "trust.cbor").write_bytes(trust_list.sign(trust, signer))
    (folder / "catalogue.cbor").write_bytes(b"catalogue %d" % seq)
    (folder / "policy.cbor").write_bytes(b"policy")
    return folder


class Kept:
    """A repository in a folder."""

    def __init__(self, folder: Path, *, regions: tuple[str, ...] = REGIONS) -> None:
        self.folder = folder
        self.at = NOW
        authority.initialise(folder, root_keys=(), threshold=2, days={}, making=MAKING, at=self.at)
        for region in regions:
            self.add(region)
        self.publish()

    @property
    def files(self) -> Path:
        return self.folder / "published"

    def documents(self, region: str) -> Path:
        return self.folder.parent / "issuers" / region

    def add(self, region: str) -> None:
        documents = publish_documents(self.documents(region), region)
        authority.add_region(self.folder, region, documents=documents, key=None, making=MAKING)

    def publish(self) -> Published:
        return authority.publish(self.folder, ask=MAKING.ask, at=self.at)

    def fetch(self, name: str, max_bytes: int) -> bytes | None:
        path = self.files / name
        return path.read_bytes()[: max_bytes + 1] if path.exists() else None
