"""Device keys outside the wallet's file: real tokens by PKCS#11, a keyring, and bridges that misbehave."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import keyring
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from protocol.keys import P256_ORDER
from protocol.labels import Alg, KeyAssurance, Purpose
from protocol.qr import envelope
from protocol.sd_cwt import key_binding
from tests.softhsm import new_token
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import AT
from wallet_sdk import Authorisation, CallbackKeyStore, Card, KeyringKeyStore, KeyStore, Pkcs11KeyStore, Wallet
from wallet_sdk.errors import WalletError
from wallet_sdk.key_stores import (
    KeyDeclined,
    KeyFailed,
    KeyGone,
    KeyLocked,
    KeyStoreMissing,
    KeyStoreUnexpected,
    KeyStoreUnusable,
)


@dataclass
class Phone:
    """A phone's key store behind a bridge: keys by alias, DER signatures, and a holder who is asked each time."""

    keys: dict[bytes, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    holder: Callable[[], None] = lambda: None
    sent: Callable[[bytes], bytes] = lambda signature: signature
    form: tuple[Encoding, PublicFormat] = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def make(self, alg: Alg) -> bytes:
        alias = b"alias-%d" % len(self.keys)
        self.keys[alias] = ec.generate_private_key(ec.SECP256R1())
        return alias

    def public(self, alias: bytes) -> bytes:
        if alias not in self.keys:
            raise KeyGone
        return self.keys[alias].public_key().public_bytes(*self.form)

    def sign(self, alias: bytes, message: bytes) -> bytes:
        self.holder()
        return self.sent(self.keys[alias].sign(message, ec.ECDSA(SHA256())))

    @property
    def store(self) -> CallbackKeyStore:
        return CallbackKeyStore(
            "phone", self.make, self.public, self.sign, KeyAssurance.HARDWARE_USER_VERIFICATION, Authorisation.PER_USE
        )


def made(folder: Path, clock: ManualClock, store: KeyStore, key: Alg = Alg.ESP256) -> Wallet:
    return Wallet.create(folder, clock=clock, elapsed=clock.elapsed, sleep=clock.sleep, key=key, key_store=store)


def shown(wallet: Wallet, card: Card) -> None:
    """A code of this wallet holds under the key that the credential names."""
    consent = wallet.request(card, Purpose.WINDOW).approve()
    text = wallet.present_once(card, audience=Purpose.WINDOW, consent=consent, at=AT).text
    presented = key_binding.parse(envelope.unwrap(text, expected_prefix="LZ1:"))
    assert presented.credential.claims.cnf == wallet._current().holdings.device_key.public_key.cose_key


@pytest.mark.parametrize(
    "form",
    [
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.X962, PublicFormat.UncompressedPoint),
    ],
    ids=["android", "apple"],
)
def test_a_phones_key_signs_and_its_secret_is_not_in_the_vault(
    folder: Path, clock: ManualClock, give: Callable[..., Card], form: tuple[Encoding, PublicFormat]
) -> None:
    phone = Phone(form=form)
    wallet = made(folder, clock, phone.store)
    assert wallet.key_assurance is KeyAssurance.HARDWARE_USER_VERIFICATION
    card = give(wallet)
    shown(wallet, card)
    again = Wallet.open(folder, key_store=phone.store, clock=clock)
    for _ in range(20):  # Half of all DER signatures have a high s.
        shown(again, card)
    secret = next(iter(phone.keys.values())).private_numbers().private_value.to_bytes(32)
    opened = again._vault._opened
    assert secret not in opened.decrypt(opened.read_encrypted())


def test_a_wallet_is_opened_by_the_store_that_it_was_made_with(
    folder: Path, clock: ManualClock, tmp_path: Path
) -> None:
    phone = Phone()
    made(folder, clock, phone.store)
    with pytest.raises(KeyStoreMissing, match="phone"):
        Wallet.open(folder)
    with pytest.raises(KeyStoreMissing, match="phone"):
        Wallet.open(folder, key_store=replace(phone.store, name="another"))
    Wallet.create(tmp_path / "plain")
    with pytest.raises(KeyStoreUnexpected):
        Wallet.open(tmp_path / "plain", key_store=phone.store)


def _declines() -> None:
    raise KeyDeclined


def _breaks() -> None:
    raise TimeoutError("990101194912310028")


def _high_s_twice(signature: bytes) -> bytes:
    return bytes(32) + (P256_ORDER - 1).to_bytes(32)


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ({"holder": _declines}, KeyDeclined),
        ({"holder": _breaks}, KeyFailed),
        ({"sent": lambda signature: signature[:-1]}, KeyFailed),
        ({"sent": lambda signature: b""}, KeyFailed),
        ({"sent": _high_s_twice}, KeyFailed),
    ],
    ids=["declined", "broke", "cut", "empty", "of-nobody"],
)
def test_a_store_that_does_not_sign_has_a_name_of_its_own(
    folder: Path,
    clock: ManualClock,
    give: Callable[..., Card],
    trouble: dict[str, Callable[..., object]],
    expected: type[WalletError],
) -> None:
    phone = Phone()
    wallet = made(folder, clock, phone.store)
    card = give(wallet)
    for name, value in trouble.items():
        setattr(phone, name, value)
    consent = wallet.request(card, Purpose.WINDOW).approve()
    with wallet.show(card, audience=Purpose.WINDOW, consent=consent) as showing:
        with pytest.raises(expected) as refused:
            showing.frame()
        assert "990101194912310028" not in str(refused.value)
        phone.holder, phone.sent = lambda: None, lambda signature: signature
        assert showing.frame().text.startswith("LZ1:")


def test_an_invalidated_key_is_gone(folder: Path, clock: ManualClock) -> None:
    phone = Phone()
    made(folder, clock, phone.store)
    phone.keys[b"alias-0"] = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(KeyGone, match="another key"):
        Wallet.open(folder, key_store=phone.store)
    phone.keys.clear()
    with pytest.raises(KeyGone):
        Wallet.open(folder, key_store=phone.store)


class Ring(KeyringBackend):
    """A keyring in memory that can be locked."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.mark.parametrize("key", [Alg.ESP256, Alg.ED25519])
def test_a_keyring_keeps_the_secret(
    folder: Path, clock: ManualClock, give: Callable[..., Card], ring: Ring, key: Alg
) -> None:
    store = KeyringKeyStore(os.urandom)
    card = give(wallet := made(folder, clock, store, key))
    shown(wallet, card)
    shown(Wallet.open(folder, key_store=store, clock=clock), card)
    ring.is_locked = True
    with pytest.raises(KeyLocked):
        Wallet.open(folder, key_store=store)
    ring.is_locked = False
    (account,) = ring.held
    ring.held[account] = "-9:bm8ga2V5"
    with pytest.raises(KeyFailed):
        Wallet.open(folder, key_store=store)
    ring.held.clear()
    with pytest.raises(KeyGone):
        Wallet.open(folder, key_store=store)


def test_no_keyring_at_all_is_said(folder: Path, clock: ManualClock) -> None:
    before = keyring.get_keyring()
    from keyring.backends import fail

    keyring.set_keyring(fail.Keyring())
    try:
        with pytest.raises(KeyStoreUnusable):
            made(folder, clock, KeyringKeyStore(os.urandom))
    finally:
        keyring.set_keyring(before)
    assert not (folder / "wallet.vault").exists()


@pytest.fixture
def token() -> Pkcs11KeyStore:
    made = new_token()
    return Pkcs11KeyStore(made.module, made.label, lambda: made.pin, os.urandom)


@pytest.mark.parametrize("key", [Alg.ESP256, Alg.ED25519])
def test_a_token_makes_and_keeps_the_key(
    folder: Path, clock: ManualClock, give: Callable[..., Card], token: Pkcs11KeyStore, key: Alg
) -> None:
    wallet = made(folder, clock, token, key)
    card = give(wallet)
    shown(wallet, card)
    shown(Wallet.open(folder, key_store=token, clock=clock), card)


def test_a_token_says_what_is_wrong(folder: Path, clock: ManualClock, token: Pkcs11KeyStore) -> None:
    made(folder, clock, token)
    with pytest.raises(KeyLocked, match="PinIncorrect"):
        Wallet.open(folder, key_store=replace(token, pin=lambda: "9999"))
    for wrong in ({"module": Path("/nowhere.so")}, {"token": f"{token.token} pulled"}):
        store = replace(token, **wrong)  # type: ignore[arg-type]  # one field each
        with pytest.raises(KeyStoreUnusable):
            store.key(b"\x01" * 16)
    with pytest.raises(KeyGone):
        token.key(b"\x01" * 16)


def test_what_a_token_makes_cannot_be_read_out(token: Pkcs11KeyStore) -> None:
    import pkcs11

    handle = token.make(Alg.ESP256)
    with token._session() as (_, session):
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=handle)
        with pytest.raises(pkcs11.AttributeSensitive):
            private[pkcs11.Attribute.VALUE]
