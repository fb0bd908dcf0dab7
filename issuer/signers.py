"""The private halves of the issuer's keys and how they rest: all Ed25519, but for the status key (ESP256).

The first key of each use has a place of its own, further ones are found by their kid; which of them signs now is said
by the register (`issuer.keys`). Beside them rests the secret order in which status entries are given
(`issuer.allocation`): 32 bytes that sign nothing.

They lie in `keys.box` (`issuer.keys.box`). A file of an older version, which lacks keys, gets them when it is opened:
atomically, under the same passphrase or key file. Of a key that was made in a token it says only where that is; keys
are made there once the issuer's profile names one (`issuer.keys.hardware_token`), and nothing makes up for one that is
gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final, Protocol

from issuer import durable_files
from issuer.draws import RandomBytes
from issuer.errors import KeyFileDamaged, WrongPassphrase
from issuer.keys import box
from issuer.keys.box import Argon2Profile, Head
from issuer.keys.errors import KeyElsewhere
from issuer.profile import Places
from protocol import cbor, keys
from protocol.errors import KeyRefused
from protocol.keys import Signer, VerificationKey
from protocol.labels import Alg, KeyUse

_ATTEMPTS: Final = 64
_SECRET_BYTES: Final = 32
_TOKEN_ID_BYTES: Final = 16


class _Slot(IntEnum):
    """Where each key lies in the box."""

    ROOT = 1
    ASSERTION = 2
    STATUS = 3
    TERMINAL = 4
    PAPER = 5
    MANDATE = 6
    ALLOCATION = 7
    STAFF = 8
    FURTHER = 9
    """The keys that came later, in an array: (algorithm, how it rests)."""


_NO_KEYS: Final = frozenset({_Slot.ALLOCATION, _Slot.FURTHER})
_ALGORITHMS: Final[Mapping[_Slot, Alg]] = {
    slot: Alg.ESP256 if slot is _Slot.STATUS else Alg.ED25519 for slot in _Slot if slot not in _NO_KEYS
}
_ALGORITHM_NUMBERS: Final = frozenset(int(alg) for alg in Alg)
_USES: Final[Mapping[_Slot, KeyUse]] = {
    _Slot.ASSERTION: KeyUse.ASSERT,
    _Slot.STATUS: KeyUse.STATUS,
    _Slot.TERMINAL: KeyUse.TERMINAL,
    _Slot.PAPER: KeyUse.PAPER,
    _Slot.MANDATE: KeyUse.MANDATE,
    _Slot.STAFF: KeyUse.STAFF,
}
_FIRST_SLOTS: Final = frozenset({_Slot.ROOT, _Slot.ASSERTION, _Slot.STATUS})
"""What every box has had from the beginning; a box without one of them is damaged and not old."""
_LASTING: Final = frozenset(_Slot) - {_Slot.FURTHER}
_RESTORE_PROFILE: Final = "Restore issuer.json from a backup: it says which module and which token."


class Token(Protocol):
    """Where private keys are made that never leave it (`issuer.keys.hardware_token`)."""

    @property
    def alg(self) -> Alg:
        """The algorithm of its keys where a use leaves the choice; the status key is ESP256 everywhere."""

    def make(self, alg: Alg, *, key_id: bytes) -> VerificationKey:
        """A new key under this id. Raises: TokenUnavailable, TokenRefused."""

    def signer(self, key_id: bytes, key: VerificationKey) -> Signer:
        """What signs with the key of this id; the token is asked only when it does."""


@dataclass(frozen=True, slots=True)
class Signers:
    """The root, and the first key of each use; `further` are those that came later, by kid.

    Which key of a use signs now is not said here: `issuer.keys.ring` knows. `allocation` is the key of the order of
    status entries; `box_key` opens the file again, for keys that another process has added since.
    """

    root: Signer
    assertion: Signer
    status: Signer
    terminal: Signer
    paper: Signer
    mandate: Signer
    staff: Signer
    further: Mapping[bytes, Signer]
    allocation: bytes = field(repr=False)
    box_key: bytes = field(repr=False)

    def first(self) -> tuple[tuple[KeyUse, Signer], ...]:
        """The first key of each use."""
        return tuple((use, getattr(self, slot.name.lower())) for slot, use in _USES.items())


def create(
    places: Places,
    *,
    passphrase: str | None,
    argon2: Argon2Profile,
    random_bytes: RandomBytes,
    token: Token | None = None,
) -> Signers:
    """Make new keys, in the token if there is one, and put them to rest.

    Raises:
        PassphraseRefused: Too short.
        StorageFailed: A file cannot be written.
        TokenUnavailable, TokenRefused: It makes no keys.
    """
    head, key = box.new_head(places, passphrase, argon2, random_bytes)
    secrets = {int(slot): _new_resting(slot, random_bytes, token) for slot in sorted(_LASTING)}
    box.put_to_rest(places, head, key, secrets, random_bytes)
    return _signers(secrets, key, token)


def change_passphrase(
    places: Places, *, old: str | None, new: str, argon2: Argon2Profile, random_bytes: RandomBytes
) -> None:
    """Put the same keys to rest under another passphrase: the file is wholly the old one, or wholly the new one.

    Copies that were made before open as before. Raises: PassphraseRefused, and as `load`.
    """
    with durable_files.exclusively(places.lock):
        secrets = _secrets(box.opened(places, old)[2])
        head, key = box.new_head(places, new, argon2, random_bytes)
        box.put_to_rest(places, head, key, secrets, random_bytes)
        # It opens nothing any more, and would tell whoever finds it what older copies hold.
        durable_files.remove(places.key_file)


def add(places: Places, held: Signers, *, alg: Alg, random_bytes: RandomBytes, token: Token | None) -> VerificationKey:
    """Make one more key, in the token if there is one. Raises: KeyElsewhere, and as `create`."""
    resting = _new_resting(alg, random_bytes, token)
    key = _signer(resting, alg, token).public_key
    with durable_files.exclusively(places.lock):
        head, secrets = _opened_again(places, held)
        further = secrets.get(_Slot.FURTHER, ())
        assert isinstance(further, tuple), "it was looked at when it was opened"
        secrets[_Slot.FURTHER] = (*further, (int(key.alg), resting))
        box.put_to_rest(places, head, held.box_key, secrets, random_bytes)
    return key


def with_added(places: Places, held: Signers, *, token: Token | None) -> Signers:
    """The same keys, and those that another process has added since. Raises: KeyElsewhere."""
    _, secrets = _opened_again(places, held)
    return replace(held, further=_signers(secrets, held.box_key, token).further)


def _opened_again(places: Places, held: Signers) -> tuple[Head, dict[int, cbor.Value]]:
    try:
        head, content = box.opened_again(places, held.box_key)
    except (KeyFileDamaged, WrongPassphrase) as error:
        raise KeyElsewhere(f"a key that should sign is not at hand: {error}") from None
    return head, _secrets(content)


def load(places: Places, *, passphrase: str | None, random_bytes: RandomBytes, token: Token | None = None) -> Signers:
    """The keys that rest in this folder; those that an older version did not make are made, and rest with them.

    Raises:
        KeyFileDamaged: A file is missing, cut off or changed.
        PassphraseRequired: They are under a passphrase and none was given.
        WrongPassphrase: They do not open.
        StorageFailed: Keys were to be added and the file cannot be written; it is as it was.
        TokenUnavailable, TokenRefused: Keys were to be added, and the token makes none.
    """
    _, key, secrets = _opened(places, passphrase)
    if not secrets.keys() >= _LASTING:
        # Two processes that open an old box at once must not each believe in keys of their own.
        with durable_files.exclusively(places.lock):
            head, key, secrets = _opened(places, passphrase)
            missing = _LASTING - secrets.keys()
            if missing:
                secrets |= {int(slot): _new_resting(slot, random_bytes, token) for slot in sorted(missing)}
                box.put_to_rest(places, head, key, secrets, random_bytes)
    return _signers(secrets, key, token)


def replace_status(
    places: Places, *, passphrase: str | None, random_bytes: RandomBytes, token: Token | None = None
) -> None:
    """Put a new status key in the place of the old one, which is gone then. Raises: as `load`."""
    fresh = {int(_Slot.STATUS): _new_resting(_Slot.STATUS, random_bytes, token)}
    with durable_files.exclusively(places.lock):
        head, key, secrets = _opened(places, passphrase)
        box.put_to_rest(places, head, key, secrets | fresh, random_bytes)


def _opened(places: Places, passphrase: str | None) -> tuple[Head, bytes, dict[int, cbor.Value]]:
    head, key, content = box.opened(places, passphrase)
    return head, key, _secrets(content)


def _secrets(value: cbor.Value) -> dict[int, cbor.Value]:
    secrets: dict[int, cbor.Value] = {}
    for slot, secret in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(slot, int) or slot not in frozenset(_Slot):
            # A newer version's keys would be lost when this one writes the box again.
            raise KeyFileDamaged("keys.box holds something that this version does not know")
        secrets[slot] = secret
    if not secrets.keys() >= _FIRST_SLOTS:
        raise KeyFileDamaged("keys.box does not hold the keys of an issuer")
    return secrets


def _new_resting(slot: "_Slot | Alg", random_bytes: RandomBytes, token: Token | None) -> cbor.Value:
    """A new key as it rests: its secret, or its id in the token with its public half."""
    if slot is _Slot.ALLOCATION:
        return random_bytes(_SECRET_BYTES)
    alg = slot if isinstance(slot, Alg) else _ALGORITHMS[slot]
    if token is None:
        return _new_secret(alg, random_bytes)
    key_id = random_bytes(_TOKEN_ID_BYTES)
    key = token.make(alg if alg is Alg.ESP256 else token.alg, key_id=key_id)
    return key_id, key.cose_key


def _new_secret(alg: Alg, random_bytes: RandomBytes) -> bytes:
    for _ in range(_ATTEMPTS):
        secret = random_bytes(_SECRET_BYTES)
        try:
            keys.signer_for(alg, secret)
        except KeyRefused:
            continue  # One in 2**32 draws lies beyond the order of P-256.
        return secret
    raise KeyRefused("the source of randomness gives no private key")


def _signers(secrets: Mapping[int, cbor.Value], box_key: bytes, token: Token | None) -> Signers:
    order, further = secrets[_Slot.ALLOCATION], secrets.get(_Slot.FURTHER, ())
    if not isinstance(order, bytes) or len(order) != _SECRET_BYTES or not isinstance(further, tuple):
        raise KeyFileDamaged("keys.box holds something that is no key")
    signing = {slot.name.lower(): _signer(secrets[slot], alg, token) for slot, alg in _ALGORITHMS.items()}
    by_kid: dict[bytes, Signer] = {}
    for each in further:
        match each:
            case (int() as alg, resting) if alg in _ALGORITHM_NUMBERS:
                signer = _signer(resting, Alg(alg), token)
                by_kid[keys.kid_of(signer.public_key)] = signer
            case _:
                raise KeyFileDamaged("keys.box holds something that is no key")
    return Signers(**signing, further=by_kid, allocation=order, box_key=box_key)


def _signer(resting: cbor.Value, alg: Alg, token: Token | None) -> Signer:
    try:
        match resting:
            case bytes():
                return keys.signer_for(alg, resting)
            case (bytes() as key_id, cose_key) if token is not None:
                return token.signer(key_id, keys.load_cose_key(cose_key))
            case (bytes(), _):
                raise KeyFileDamaged("keys lie in a token, and the profile names none", hint=_RESTORE_PROFILE)
            case _:
                raise KeyFileDamaged("keys.box holds something that is no key")
    except KeyRefused:
        raise KeyFileDamaged("keys.box holds something that is no key") from None
