"""Good things that the issuer's tests change one field of: moments, keys, subjects, deterministic randomness."""

import atexit
import base64
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

from issuer.application import Issuer
from protocol import cbor, keys, licence_package, status_list, trust_list
from protocol.keys import VerificationKey
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import StatusReference
from protocol.unixtime import UnixTime

AT = UnixTime(1_795_320_000)
"""2026-11-22 12:00 at UTC+8."""
PASSPHRASE = "correct horse battery"
URIS = [f"lz:310000/{number}" for number in range(1, 17)]
"""The lists that a new issuer has open."""
TOKEN = "T" * 43
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
"""What lets a request through to the operator's routes."""

DRIVING: dict[str, Any] = {
    "name": "测试员甲",
    "citizen_id": "990101194912310028",
    "licence_no": "990101194912310028",
    "class": "C1",
    "sex": 2,
    "birth_date": "1949-12-31",
    "address": "幻境市测试区样例路1号",
    "authority": "幻境市公安局交通警察支队",
    "first_issue": "2010-05-01",
    "valid_from": "2026-01-01",
    "valid_to": "2032-01-01",
}
ID_CARD: dict[str, Any] = {
    "name": "测试员甲",
    "sex": 2,
    "nation": 1,
    "birth_date": "1949-12-31",
    "address": "幻境市测试区样例路1号",
    "citizen_id": "990101194912310028",
    "authority": "幻境市公安局测试分局",
    "valid_from": "2026-01-01",
    "valid_to": "2046-01-01",
}
BUSINESS: dict[str, Any] = {
    "name": "幻境市样例科技有限公司",
    "uscc": "91990000MA00000008",
    "entity_type": "有限责任公司",
    "legal_representative": "测试员乙",
    "capital": "壹佰万元整",
    "founded": "2020-02-29",
    "address": "幻境市测试区样例路2号",
    "scope": "样例软件的开发与测试。",
    "authority": "幻境市市场监督管理局",
    "valid_from": "2020-02-29",
}
SUBJECTS = {"driving-licence": DRIVING, "id-card": ID_CARD, "business-licence": BUSINESS}


ON_SQLITE = pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
"""Of a test in a module that runs over both databases: what it proves does not depend on which."""


def randomness(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


def holder_key(number: int = 1) -> VerificationKey:
    return keys.P256Signer(number.to_bytes(32)).public_key


def key_text(number: int = 1) -> str:
    return base64.urlsafe_b64encode(cbor.encode(holder_key(number).cose_key)).rstrip(b"=").decode()


def made(folder: Path, *, seed: int = 1, passphrase: str | None = None, register_url: str | None = None) -> Issuer:
    """A new issuer; over SQLite a copy of one that was made once, for to make one takes longer than most tests."""
    if register_url is not None:
        return _new(folder, randomness(seed), passphrase, register_url)
    shutil.copytree(_pattern(seed, passphrase), folder, dirs_exist_ok=True)
    # Not the bytes again that its keys are made of.
    return Issuer.open(folder, passphrase=passphrase, random_bytes=random.Random(f"{seed}, opened").randbytes)


@cache
def _pattern(seed: int, passphrase: str | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lz-issuer-"))
    atexit.register(shutil.rmtree, folder)
    _new(folder, randomness(seed), passphrase, None).close()
    return folder


def _new(
    folder: Path, random_bytes: Callable[[int], bytes], passphrase: str | None, register_url: str | None
) -> Issuer:
    return Issuer.init(
        folder,
        region="310000",
        authority="GA",
        passphrase=passphrase,
        random_bytes=random_bytes,
        at=AT,
        register_url=register_url,
    )


def sign_by(patched: pytest.MonkeyPatch, issuer: Issuer, real: keys.Signer, instead: keys.Signer) -> None:
    """Let another device sign wherever this key of the issuer would."""
    patched.setitem(issuer.ring._first, keys.kid_of(real.public_key), instead)


def credentials(package: bytes) -> list[credential.UnverifiedCredential]:
    return [credential.parse(cbor.decode(each)) for each in licence_package.decode(package).credentials]


class HasEntry(Protocol):
    """Whatever was issued, flipped or intended under one entry of one list."""

    @property
    def list_number(self) -> int: ...
    @property
    def idx(self) -> int: ...


def published_status(issuer: Issuer, entry: HasEntry | StatusReference, *, at: UnixTime = AT) -> int:
    """What a terminal reads: through the trust list and the token's signature."""
    folder = issuer.places.published
    trust = trust_list.verify((folder / "trust.cbor").read_bytes(), root=issuer.root)
    uri = entry.uri if isinstance(entry, StatusReference) else issuer.profile.list_uri(entry.list_number)
    content = (folder / f"status/{uri.rpartition('/')[2]}.cwt").read_bytes()
    token = status_list.verify(content, trust=trust, at=at)
    assert token.uri == uri
    return token.entries.value(entry.idx)


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return path
