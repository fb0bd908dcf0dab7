"""A port in miniature, without one line of ours: every step of docs/spec/portability.md from the vectors alone.

It stands on cbor2, hashlib, hmac and the primitives of `cryptography`, as a port stands on what its language has. The
vectors' files are its only input: what it computes must be what they state (`test_portability`), and what the page
shows is what it computes.
"""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

VECTORS = Path(__file__).parents[1] / "vectors"
INDEX: list[dict[str, Any]] = json.loads((VECTORS / "index.json").read_bytes())["vectors"]
KEYS: dict[str, dict[str, Any]] = json.loads((VECTORS / "documents/keys.json").read_bytes())
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

VIEW = "view-ed25519-issuer-esp256-holder"
FLEXIBLE = "flexible-ed25519-issuer-esp256-holder"


def stated(name: str) -> dict[str, Any]:
    """The intermediate bytes that the index states for a good vector."""
    (entry,) = [each for each in INDEX if each["name"] == name]
    found: dict[str, Any] = entry["bytes"]
    return found


def file_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / "good" / f"{name}.json").read_bytes())
    return found


def deterministic(value: Any) -> bytes:
    """RFC 8949 section 4.2.1: map keys in the bytewise order of their encoding, which is not "shorter first"."""
    if isinstance(value, dict):
        entries = sorted((deterministic(key), deterministic(member)) for key, member in value.items())
        return head(5, len(entries)) + b"".join(key + member for key, member in entries)
    if isinstance(value, list | tuple):
        return head(4, len(value)) + b"".join(map(deterministic, value))
    if isinstance(value, cbor2.CBORTag):
        return head(6, value.tag) + deterministic(value.value)
    return cbor2.dumps(value)


def head(major: int, argument: int) -> bytes:
    """The shortest head."""
    for code, limit, width in ((argument, 24, 0), (24, 1 << 8, 1), (25, 1 << 16, 2), (26, 1 << 32, 4)):
        if argument < limit:
            return bytes((major << 5 | code,)) + argument.to_bytes(width) if width else bytes((major << 5 | code,))
    raise ValueError(argument)


def bstr(content: bytes) -> bytes:
    return head(2, len(content)) + content


def base45(content: bytes) -> str:
    text = ""
    for start in range(0, len(content), 2):
        group = content[start : start + 2]
        number = int.from_bytes(group)
        for _ in range(len(group) + 1):
            number, digit = divmod(number, 45)
            text += BASE45[digit]
    return text


def sign1(encoded: bytes) -> list[Any]:
    """[protected, unprotected, payload, signature] of a tagged COSE_Sign1."""
    value: list[Any] = cbor2.loads(encoded).value
    return value


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    return b"\x84\x6aSignature1" + bstr(protected) + b"\x40" + bstr(payload)


# Keys.


def thumbprint_input(cose_key: Mapping[int, Any]) -> bytes:
    """RFC 9679: the required parameters, y uncompressed."""
    if cose_key[1] != 2:
        return deterministic(dict(cose_key))
    point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), bytes((2 + cose_key[-3],)) + cose_key[-2])
    return deterministic({**cose_key, -3: point.public_numbers().y.to_bytes(32)})


def low_s(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:])
    return signature[:32] + min(s, P256_ORDER - s).to_bytes(32)


def high_s(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:])
    return signature[:32] + max(s, P256_ORDER - s).to_bytes(32)


def der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


# Writing a presentation.


def chosen(issued: bytes, disclosures: list[bytes]) -> bytes:
    """The issuer's credential with these of its disclosures; the three other parts byte for byte."""
    protected, _, payload, signature = sign1(issued)
    shown = b"\xa1\x11" + head(4, len(disclosures)) + b"".join(map(bstr, disclosures)) if disclosures else b"\xa0"
    return b"\xd2\x84" + bstr(protected) + shown + bstr(payload) + bstr(signature)


def kbt_protected(alg: int, cwt: bytes) -> bytes:
    return b"\xa3\x01" + deterministic(alg) + b"\x0d" + cwt + b"\x10\x19\x01\x26"


def kbt(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return b"\xd2\x84" + bstr(protected) + b"\xa0" + bstr(payload) + bstr(signature)


def kbt_payload(name: str) -> bytes:
    """From the values that the vector expects, not from its bytes."""
    expected = file_of(name)["expected"]
    binding = expected["key_binding"]
    payload = {3: expected["aud"], 4: binding["exp"], 6: binding["iat"]}
    if binding["cnonce"] is not None:
        payload[39] = bytes.fromhex(binding["cnonce"])
    return deterministic(payload)


# A seal.


def extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")


def expand(suite: bytes, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """One block of HKDF-Expand is enough: nothing here is longer than 32 bytes."""
    labelled = length.to_bytes(2) + b"HPKE-v1" + suite + label + context
    return hmac.digest(secret, labelled + b"\x01", "sha256")[:length]


def seal(name: str) -> dict[str, bytes]:
    """Every value on the way from an ephemeral key to the sealed bytes."""
    content, given = file_of(name), stated(name)
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03"
    ephemeral = X25519PrivateKey.from_private_bytes(bytes.fromhex(content["making"]["ephemeral_key"]))
    recipient = bytes.fromhex(given["recipient"])
    ek = ephemeral.public_key().public_bytes_raw()
    dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    shared = expand(kem, extract(kem, b"", b"eae_prk", dh), b"shared_secret", ek + recipient, 32)
    context = b"\x00" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", b"")
    secret = extract(suite, shared, b"secret", b"")
    key, nonce = expand(suite, secret, b"key", context, 32), expand(suite, secret, b"base_nonce", context, 12)
    kid = sha256(deterministic({1: 1, -1: 4, -2: recipient})).digest()[:4]
    protected = deterministic({1: 42, 4: kid})
    aad = deterministic(["Encrypt0", protected, b"LE1"])
    ciphertext = ChaCha20Poly1305(key).encrypt(nonce, bytes.fromhex(given["kbt"]), aad)
    start = b"\xd0\x83" + bstr(protected) + deterministic({-4: ek}) + head(2, len(ciphertext))
    return {
        "seal-ek": ek,
        "seal-dh": dh,
        "seal-shared-secret": shared,
        "seal-context": context,
        "seal-key": key,
        "seal-nonce": nonce,
        "seal-aad": aad,
        "seal-start": start,
        "sealed": start + ciphertext,
    }


# Short codes.


def characters(number: int, count: int) -> str:
    return "".join(CROCKFORD[number >> 5 * place & 31] for place in reversed(range(count)))


# Frames.


def times(left: int, right: int) -> int:
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left = left << 1 ^ (0x11D if left & 0x80 else 0)
        right >>= 1
    return product


def inverse(element: int) -> int:
    return next(other for other in range(1, 256) if times(element, other) == 1)


def weights(index: int, count: int) -> bytes:
    return bytes(inverse(index ^ place) for place in range(count))


def frames(whole: bytes, kind: int, count: int, indices: list[int]) -> list[bytes]:
    size = -(-len(whole) // count)
    padded = whole.ljust(size * count, b"\0")
    data = [padded[place * size : (place + 1) * size] for place in range(count)]
    made = []
    for index in indices:
        symbol = data[index] if index < count else bytes(size)
        if index >= count:
            for weight, each in zip(weights(index, count), data, strict=True):
                symbol = bytes(left ^ times(weight, right) for left, right in zip(symbol, each, strict=True))
        header = bytes((kind, *len(whole).to_bytes(2), count, index))
        made.append(sha256(whole).digest()[:8] + header + symbol)
    return made


def examples() -> Mapping[str, str]:
    """What the page shows, by the names of its blocks: bytes in hexadecimal, text as it is."""
    view, flexible = stated(VIEW), stated(FLEXIBLE)
    encoded = bytes.fromhex(view["kbt"])
    protected, _, payload, signature = sign1(encoded)
    cwt = bytes.fromhex(view["cwt"])
    p256, ed25519 = (bytes.fromhex(KEYS[name]["cose_key"]) for name in ("holder-esp256", "holder-ed25519"))
    prints = {name: thumbprint_input(cbor2.loads(key)) for name, key in (("p256", p256), ("ed25519", ed25519))}
    disclosure: bytes = sign1(bytes.fromhex(flexible["cwt"]))[1][17][0]
    issued = (VECTORS / "documents/credential.cbor").read_bytes()
    asked = bytes.fromhex(stated("challenge-of-a-window")["challenge"])
    asked_protected, _, asked_payload, _ = sign1(asked)
    asked_digest = sha256(sig_structure(asked_protected, asked_payload)).digest()
    short = sign1(bytes.fromhex(stated("answer-to-a-short-code")["kbt"]))[2]
    nonce = int.from_bytes(cbor2.loads(short)[39])
    repair = bytes.fromhex(stated("animated-repair-symbols-alone")["frames"][0])
    found: dict[str, bytes | str] = {
        "base45-pair": f"{encoded[:2].hex()} = {int.from_bytes(encoded[:2])} -> {base45(encoded[:2])}",
        "base45-single": f"{encoded[-1:].hex()} = {encoded[-1]} -> {base45(encoded[-1:])}",
        "text": "LZ1:" + base45(encoded),
        "cose-key-p256": p256,
        "cose-key-ed25519": ed25519,
        "thumbprint-input-p256": prints["p256"],
        "thumbprint-p256": sha256(prints["p256"]).digest(),
        "thumbprint-input-ed25519": prints["ed25519"],
        "thumbprint-ed25519": sha256(prints["ed25519"]).digest(),
        "disclosure": disclosure,
        "disclosure-hashed": bstr(disclosure),
        "disclosure-hash": sha256(bstr(disclosure)).digest(),
        "credential-protected": sign1(issued)[0],
        "credential-payload": sign1(issued)[2],
        "kbt-protected-start": protected[: protected.index(cwt)],
        "kbt-protected-end": protected[protected.index(cwt) + len(cwt) :],
        "kbt-payload": payload,
        "kbt-sig-structure-start": sig_structure(protected, payload)[: 12 + 3],
        "kbt-sig-structure": sig_structure(protected, payload),
        "replay-key": sha256(sig_structure(protected, payload)).digest(),
        "signature-low": low_s(signature),
        "signature-high": high_s(signature),
        "signature-der": der(high_s(signature)),
        "kbt": encoded,
        "challenge-digest": asked_digest,
        "challenge-cnonce": asked_digest[:16],
        "answer-payload": kbt_payload("answer-to-a-challenge"),
        "short-code": cbor2.loads(short)[3][-4:] + characters(nonce, 6),
        "short-code-payload": short,
        "bundle-start": bytes.fromhex(stated("bundle-of-one-person")["bundle"])[:3],
        "frame-header": repair[:13],
        "frame-weights": weights(repair[12], repair[11]),
    }
    found |= {name: value for name, value in seal("sealed-view").items() if name != "sealed"}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in found.items()}
