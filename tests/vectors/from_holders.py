"""Vectors of what holders show beside the plain presentation: sealed, bundled, animated, as an agent."""

from collections.abc import Iterable, Iterator
from typing import Any

from liangzheng.vectors.folder import Format, Given
from protocol import cbor, cose_sign1, labels, limits, sealing
from protocol.errors import Code
from protocol.labels import Alg, AnimatedKind, Lic, Purpose
from protocol.mandate import MandateLabel
from protocol.qr import animated, base45, bundle, envelope
from protocol.qr.animated import Animation
from protocol.sd_cwt import key_binding
from tests.protocol import test_animated, test_bundle, test_mandate, test_sealing
from tests.utopia.randomness import Drbg
from tests.utopia.world import WUYOU, World
from tests.vectors.vector import Vector

# Sealed presentations.


def sealed(world: World) -> Iterator[Vector]:
    key = test_sealing.PRIVATE
    challenged = world.key_binding(aud="lz:t/990000-W07", cnonce=bytes(range(16)))
    goods = {
        "flexible": world.presentation(world.credential(), binding=challenged),
        "view": world.presentation(world.credential(view=Purpose.WINDOW), binding=challenged),
        "everything-disclosed": world.presentation(world.credential(), shown=tuple(Lic), binding=challenged),
    }
    stream = Drbg("sealed vectors")
    for name, plaintext in goods.items():
        ephemeral = stream(32)
        made = sealing.seal(plaintext, recipient=sealing.sealing_key(key), ephemeral_key=ephemeral)
        notes = f"a presentation ({name.replace('-', ' ')}) sealed to the key of a challenge"
        yield _sealed(f"sealed-{name}", notes, made, making={"ephemeral_key": ephemeral.hex()})
    for name, make, reason in test_sealing.FORGERIES:
        yield _sealed(f"sealed-{name}", "the seal was made again over the change", make(), reason.code)
    for number, point in enumerate(test_sealing.SMALL_ORDER, 1):
        encoded = test_sealing.remade(unprotected={labels.HDR_EK: point})
        yield _sealed(f"sealed-ek-of-small-order-{number}", "a shared secret of zeros", encoded, Code.E_KEY)
    # What opens is as untrusted as any scanned code.
    inside = {
        "a-credential": (world.credential(view=Purpose.WINDOW).encoded, Code.E_TYP),
        "no-cbor": (b"\xff", Code.E_CBOR),
        "signed-by-another-holder": (
            world.presentation(world.credential(), signer=world.holder("乙的手机")),
            Code.E_SIG_HOLDER,
        ),
    }
    for name, (plaintext, code) in inside.items():
        made = sealing.seal(plaintext, recipient=sealing.sealing_key(key), ephemeral_key=test_sealing.EPHEMERAL)
        yield _sealed(f"sealed-inside-{name}", "the seal is good, what is inside is not", made, code)


def _sealed(
    name: str, notes: str, encoded: bytes, code: Code | None = None, making: dict[str, str] | None = None
) -> Vector:
    given = Given((labels.PREFIX_SEALED + base45.encode(encoded),), private_key=test_sealing.PRIVATE)
    return Vector(Format.SEALED, name, notes, given, code, making=making)


# Bundles.


def bundles(world: World) -> Iterator[Vector]:
    def licences(*indices: int, **items: Any) -> list[bytes]:
        issued = (test_bundle.licence(world, idx, **items) for idx in indices)
        return [world.presentation(each, shown=test_bundle.SHOWN) for each in issued]

    others = licences(2, CITIZEN_ID="990101198802290172")
    views = [
        world.presentation(world.credential(claims=world.claims(holder=world.holder(), idx=idx), view=Purpose.WINDOW))
        for idx in (1, 2)
    ]
    goods = {
        "of-one-person": ("linked by the citizen number that each issuer signed", licences(1, 2)),
        "of-two-people": ("two different citizen numbers: good, and not linked", [*licences(1), *others]),
        "without-numbers": ("no number is shown: good, and not linked", views),
        "of-three": ("too long for one code: it travels as an animated one", licences(1, 2, 3)),
    }
    for name, (notes, members) in goods.items():
        yield _bundle(f"bundle-{name}", notes, bundle.compose(members))
    for title, (forge, reason) in test_bundle.FORGED.items():
        yield _bundle(f"bundle-{_slug(title)}", title, cbor.encode(forge(world)), reason.code)
    good = bundle.compose(licences(1, 2))
    foreign = world.presentation(
        test_bundle.licence(world, 2), shown=test_bundle.SHOWN, signer=world.holder("乙的手机")
    )
    further = {
        "byte-more": ("a byte after the bundle", good + b"\0", Code.E_CBOR),
        "byte-less": ("the last byte is missing", good[:-1], Code.E_CBOR),
        "array-too-long": ("a length that is not in its shortest form", b"\x98\x02" + good[1:], Code.E_CBOR),
        "second-signed-by-another-holder": (
            "the first member is good",
            bundle.compose([*licences(1), foreign]),
            Code.E_SIG_HOLDER,
        ),
        "too-large": ("more than 8,192 bytes", good + bytes(limits.MAX_BUNDLE_BYTES), Code.E_SIZE),
    }
    for name, (notes, encoded, code) in further.items():
        yield _bundle(f"bundle-{name}", notes, encoded, code)
    text = envelope.wrap(good, labels.PREFIX_BUNDLE)
    yield Vector(Format.BUNDLE, "bundle-under-another-prefix", "LZ1:", Given(("LZ1:" + text[4:],)), Code.E_PREFIX)


def _bundle(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    if len(encoded) <= limits.MAX_CODE_BYTES:
        given = Given((envelope.wrap(encoded, labels.PREFIX_BUNDLE),))
    else:
        given = Given(content=encoded)
    return Vector(Format.BUNDLE, name, notes, given, code)


# Animated codes.


def animations() -> Iterator[Vector]:
    portrait = test_animated.animation_of(2_500)
    small = test_animated.animation_of(200, "small")
    other = test_animated.animation_of(700, "other")
    members = animated.animate(test_animated.content_of(1_500, "bundle"), AnimatedKind.BUNDLE, version=18)
    wrong = base45.encode(_raw(test_animated.forged(portrait, 100, Drbg("one"))))
    goods: dict[str, tuple[str, list[str]]] = {
        "of-one-frame": ("K is 1", _texts(small, [0])),
        "data-symbols": ("all K data symbols, in order", _texts(portrait, range(9))),
        "every-third-frame-lost": ("data and repair symbols", _texts(portrait, [n for n in range(14) if n % 3][:9])),
        "repair-symbols-alone": ("none of the data symbols came", _texts(portrait, range(200, 209))),
        "backwards-and-repeated": (
            "order and repetition do not matter",
            _texts(portrait, [8, 8, 7, 6, 5, 4, 3, 2, 1, 1, 0]),
        ),
        "two-senders": (
            "frames of two phones, turn by turn",
            [text for pair in zip(_texts(portrait, range(9)), _texts(other, range(9)), strict=True) for text in pair],
        ),
        "not-complete": ("one frame too few: nothing comes out, and nothing is refused", _texts(portrait, range(8))),
        "one-wrong-frame": (
            "the first frame is a forger's: two more good ones leave it out",
            [labels.PREFIX_ANIMATED + wrong, *_texts(portrait, range(9, 24))],
        ),
        "larger-codes": ("a bundle, in frames for version 18", _texts(members, range(members.whole.count))),
    }
    for name, (notes, texts) in goods.items():
        yield Vector(Format.ANIMATED, f"animated-{name}", notes, Given(tuple(texts)))
    for title, (encoded, reason) in test_animated.FORGED.items():
        yield _frame(f"animated-{_slug(title)}", title, labels.PREFIX_ANIMATED + base45.encode(encoded), reason.code)
    text = portrait.text(0)
    yield _frame("animated-prefix-of-a-presentation", "LZ1:", "LZ1:" + text[4:], Code.E_PREFIX)
    yield _frame("animated-lower-case", "base45 in small letters", text[:4] + text[4:].lower(), Code.E_B45)


def _texts(animation: Animation, numbers: Iterable[int]) -> list[str]:
    return [animation.text(number) for number in numbers]


def _raw(frame: animated.Frame) -> bytes:
    whole = frame.whole
    return whole.digest + bytes((whole.kind, *whole.length.to_bytes(2), whole.count, frame.index)) + frame.symbol


def _frame(name: str, notes: str, text: str, code: Code) -> Vector:
    return Vector(Format.ANIMATED, name, notes, Given((text,)), code)


# Mandates.


def mandates(world: World) -> Iterator[Vector]:
    good = test_mandate.issued(world)
    window = world.key_binding()
    yield _mandate(world, "of-an-agent", "shown at a window, which is in its scope", good)
    yield Vector(
        Format.MANDATE,
        "mandate-for-another-purpose",
        "both signatures hold; a terminal refuses it for what it oversteps",
        Given((envelope.wrap(_shown(world, good, world.key_binding(purpose=Purpose.ROADSIDE))),)),
    )
    for level in (1, 2):
        changed = test_mandate.forged(world, test_mandate.entry(MandateLabel.LEVEL, level))
        yield _mandate(world, f"of-level-{level}", "a link nearer to the licence", changed)
    for label, values in test_mandate.WRONG.items():
        for number, value in enumerate(values, 1):
            changed = test_mandate.forged(world, test_mandate.entry(label, value))
            name = f"{_slug(label.name.lower())}-{number}"
            yield _mandate(world, name, f"entry {int(label)} is {value!r}"[:120], changed, Code.E_SCHEMA)
        changed = test_mandate.forged(world, test_mandate.without(label))
        yield _mandate(world, f"{_slug(label.name.lower())}-missing", "an entry is missing", changed, Code.E_SCHEMA)
    changed = test_mandate.forged(
        world, lambda stated: stated.update({labels.CLAIM_EXP: stated[labels.CLAIM_IAT] + limits.MAX_MANDATE_LIFE + 1})
    )
    yield _mandate(world, "of-90-days-and-a-second", "longer than any mandate lives", changed, Code.E_SCHEMA)
    by_assertion = test_mandate.issued(world, signer=world.issuers[WUYOU, Alg.ED25519])
    yield _mandate(world, "by-an-assertion-key", "such a key signs no mandate", by_assertion, Code.E_ISSUER_UNKNOWN)
    ordinary = test_mandate.issued(world, test_mandate.claims(world, None))
    yield _mandate(world, "key-for-a-licence", "a mandate's key signs nothing else", ordinary, Code.E_ISSUER_UNKNOWN)
    principal = _shown(world, good, window, holder="甲的手机")
    yield Vector(
        Format.MANDATE,
        "mandate-shown-by-the-principal",
        "signed by another device than the agent's",
        Given((envelope.wrap(principal),)),
        Code.E_SIG_HOLDER,
    )


def _mandate(world: World, name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    text = envelope.wrap(_shown(world, encoded, world.key_binding()))
    return Vector(Format.MANDATE, f"mandate-{name}", notes, Given((text,)), code)


def _shown(world: World, encoded: bytes, binding: key_binding.KeyBinding, holder: str = test_mandate.AGENT) -> bytes:
    """A presentation around a credential that no wallet would take."""
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_AUD: binding.aud,
        labels.CLAIM_EXP: binding.exp,
        labels.CLAIM_IAT: binding.iat,
    }
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KCWT: cbor.decode(encoded),
        labels.HDR_TYP: labels.TYP_PRESENTATION,
    }
    return cbor.encode(cose_sign1.sign1(headers, cbor.encode(payload), world.holder(holder)))


def _slug(title: str) -> str:
    return title.replace(" ", "-").replace("_", "-")
