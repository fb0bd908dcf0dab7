"""An animated code `LP1`: a portrait, or what is too long for one picture, as frames of which any K are enough.

frame = SHA-256(whole)[:8] ‖ kind ‖ length u16 ‖ K ‖ index ‖ symbol (CONTRACTS.md, "Animated code"). Guaranteed for
`Assembler`: bounded memory and work for each frame; frames of several senders never mix; what comes out has the digest
that every one of its frames named, whatever was mixed in.

Not handled here: whether that is the right thing. Frames carry no signature: a presentation has its own, and a portrait
is shown only when its whole SHA-256 is the one that the issuer signed (`lic` item 14). An animated code is never the
only path: serial scanners cannot read it.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from protocol import labels, limits
from protocol.errors import SchemaError, ShapeError, SizeError
from protocol.labels import AnimatedKind
from protocol.qr import envelope, erasure

FRAME_BYTES: Final = {11: 309, 13: 409, 14: 442, 18: 694, 22: 970, 25: 1_232}
"""What one QR code of these versions carries at level L, behind the prefix (CONTRACTS.md, "Labels and types")."""
DEFAULT_VERSION: Final = 11
"""CAPTURE.md, "Animated codes": small codes are read while they are still moving."""

_KINDS: Final = frozenset(AnimatedKind)
_HEADER_BYTES: Final = limits.ANIMATED_DIGEST_BYTES + 5
_CODE_EVERY: Final = 3


@dataclass(frozen=True, slots=True)
class Whole:
    """What the frames of one animation say about the whole. Frames with another `Whole` are another sender's."""

    digest: bytes
    """The first 8 bytes of SHA-256."""
    kind: AnimatedKind
    length: int
    count: int
    """K: how many data symbols there are."""

    @property
    def symbol_bytes(self) -> int:
        return -(-self.length // self.count)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of an animation. Nobody vouches for it."""

    whole: Whole
    index: int
    symbol: bytes


@dataclass(frozen=True, slots=True)
class Animation:
    """The frames of one whole: number i for any i, the data symbols first, then repair symbols, then again."""

    whole: Whole
    symbols: tuple[bytes, ...]

    def frame(self, number: int) -> bytes:
        """The bytes of frame `number` (0 …)."""
        index = number % limits.ANIMATED_INDICES
        whole = self.whole
        header = bytes((whole.kind, *whole.length.to_bytes(2), whole.count, index))
        return whole.digest + header + erasure.encode(self.symbols, index)

    def text(self, number: int) -> str:
        """The text of that frame's code."""
        return envelope.wrap(self.frame(number), labels.PREFIX_ANIMATED)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which picture comes when: a portrait's frames with the full code as every third picture, the code first.

    A terminal has its verdict at the first picture that it reads of the code, and the portrait when it completes. The
    wallet tells the rate; it may be slower on a slow screen and needs no agreement.
    """

    animation: Animation
    pictures_per_second: int = limits.ANIMATED_RATE

    def __post_init__(self) -> None:
        if self.pictures_per_second not in limits.ANIMATED_RATES:
            raise SizeError(f"{self.pictures_per_second} pictures a second, not one of {limits.ANIMATED_RATES}")

    def picture_at(self, milliseconds: int) -> int:
        """The number of the picture that stands on the screen so long after the first one appeared."""
        return milliseconds * self.pictures_per_second // 1_000

    def text(self, picture: int, *, code: str) -> str:
        """What that picture shows; `code` is the text of the dynamic code that is current then."""
        turn, place = divmod(picture, _CODE_EVERY)
        return code if place == 0 else self.animation.text(turn * (_CODE_EVERY - 1) + place - 1)


def animate(content: bytes, kind: AnimatedKind, *, version: int = DEFAULT_VERSION) -> Animation:
    """The animation of this content, with as few symbols as codes of this QR version allow.

    Raises:
        SizeError: The content is empty or longer than `limits.MAX_ANIMATED_BYTES`, or needs more than 128 symbols; or
            the version is none of `FRAME_BYTES`.
    """
    if version not in FRAME_BYTES:
        raise SizeError(f"no frames for version {version}, only for {sorted(FRAME_BYTES)}")
    count = -(-len(content) // (FRAME_BYTES[version] - _HEADER_BYTES))
    if not 0 < len(content) <= limits.MAX_ANIMATED_BYTES or count > limits.MAX_ANIMATED_SYMBOLS:
        raise SizeError(f"{len(content)} bytes, not 1 to {limits.MAX_ANIMATED_BYTES}")
    whole = Whole(sha256(content).digest()[: limits.ANIMATED_DIGEST_BYTES], kind, len(content), count)
    size = whole.symbol_bytes
    padded = content.ljust(size * count, b"\0")
    return Animation(whole, tuple(padded[start : start + size] for start in range(0, len(padded), size)))


def read(text: str) -> Frame:
    """The frame in the text of one code.

    Raises:
        PrefixError, Base45Error: As `envelope.unwrap`.
        SizeError, ShapeError, SchemaError: As `parse`.
    """
    return parse(envelope.unwrap(text, expected_prefix=labels.PREFIX_ANIMATED))


def parse(encoded: bytes) -> Frame:
    """The frame in these bytes.

    Raises:
        SizeError: Longer than any code of ours.
        ShapeError: It is cut off, or its symbol has not the size that its length and K give.
        SchemaError: Kind, length or K are out of range.
    """
    if len(encoded) > limits.MAX_CODE_BYTES:
        raise SizeError(f"a frame of {len(encoded)} bytes")
    header, symbol = encoded[:_HEADER_BYTES], encoded[_HEADER_BYTES:]
    if len(header) < _HEADER_BYTES:
        raise ShapeError("a frame that is cut off")
    digest, rest = header[: limits.ANIMATED_DIGEST_BYTES], header[limits.ANIMATED_DIGEST_BYTES :]
    kind, length, count, index = rest[0], int.from_bytes(rest[1:3]), rest[3], rest[4]
    if kind not in _KINDS:
        raise SchemaError("a frame of an unknown kind")
    if not 0 < length <= limits.MAX_ANIMATED_BYTES or not 0 < count <= limits.MAX_ANIMATED_SYMBOLS:
        raise SchemaError("a frame whose length or number of symbols is out of range")
    whole = Whole(digest, AnimatedKind(kind), length, count)
    # Symbols are as small as K allows and none is padding alone, so that one length has one size for each K.
    if len(symbol) != whole.symbol_bytes or (count - 1) * whole.symbol_bytes >= length:
        raise ShapeError("a frame whose symbol has not the size that it states")
    return Frame(whole, index, symbol)


@dataclass(frozen=True, slots=True)
class Progress:
    """Not complete yet. `disturbed`: enough symbols came, but some are wrong; more good ones will do."""

    whole: Whole
    received: int
    disturbed: bool


@dataclass(frozen=True, slots=True)
class Assembled:
    """A whole whose digest is the one in its frames. Compare `sha256` with what was signed before showing it."""

    kind: AnimatedKind
    content: bytes
    sha256: bytes


@dataclass(slots=True)
class _Sender:
    """What came from one sender so far."""

    whole: Whole
    symbols: dict[int, bytes] = field(default_factory=dict)
    assembled: Assembled | None = None
    last_frame: int = 0
    attempts: int = 0
    changes: int = 0
    """Symbols that came or went since the last attempt."""


class Assembler:
    """Puts frames together, in any order, with losses and repetitions, from a few senders at a time.

    A frame that contradicts an earlier one with its index takes both away: one of them is wrong, and a good sender
    repeats itself or sends others. As soon as there are K symbols they are tried; if their digest is wrong, n symbols
    reveal up to (n − K) / 2 wrong ones among them as more arrive. So a disturber costs a good sender two frames for
    each of his own, and cannot make anything else come out.
    """

    def __init__(self) -> None:
        self._senders: dict[Whole, _Sender] = {}
        self._frames = 0

    def add(self, frame: Frame) -> Progress | Assembled:
        """Where the whole of this frame stands now; a complete one is given again for each further frame."""
        self._frames += 1
        sender = self._sender(frame.whole)
        sender.last_frame = self._frames
        if sender.assembled is None:
            self._take(sender, frame)
        if sender.assembled is not None:
            return sender.assembled
        return Progress(frame.whole, len(sender.symbols), disturbed=sender.attempts > 0)

    def forget(self, whole: Whole) -> None:
        """Lets go of one sender: what it sent has been taken over, and may be somebody's portrait."""
        self._senders.pop(whole, None)

    def _sender(self, whole: Whole) -> _Sender:
        known = self._senders.get(whole)
        if known is not None:
            return known
        oldest = self._frames - limits.MAX_IDLE_FRAMES
        self._senders = {key: each for key, each in self._senders.items() if each.last_frame >= oldest}
        if len(self._senders) >= limits.MAX_ANIMATED_SENDERS:
            # Whoever has shown least goes first, so that many beginnings do not push out one that is nearly complete.
            least = min(self._senders.values(), key=lambda each: (len(each.symbols), each.last_frame))
            del self._senders[least.whole]
        return self._senders.setdefault(whole, _Sender(whole))

    def _take(self, sender: _Sender, frame: Frame) -> None:
        earlier = sender.symbols.get(frame.index)
        if earlier == frame.symbol:
            return
        if earlier is None:
            sender.symbols[frame.index] = frame.symbol
        else:
            del sender.symbols[frame.index]
        sender.changes += 1
        # After a failure, one more wrong symbol can be found for every two that come; trying at each is no use.
        patience = max(2, sender.whole.count // 8) if sender.attempts else 0
        if len(sender.symbols) < sender.whole.count or sender.changes < patience:
            return
        sender.attempts += 1
        sender.changes = 0
        sender.assembled = _assembled(sender.whole, dict(sender.symbols))
        if sender.assembled is not None:
            sender.symbols.clear()


def _assembled(whole: Whole, symbols: dict[int, bytes]) -> Assembled | None:
    """The whole from these symbols, of which some may be wrong; None if they are too many."""
    # A wrong symbol that slips through one look (1 in 256) is found in the next. Each look takes at least one away and
    # leaves at least K, so this ends; more than three looks need luck that no forger has.
    while True:
        content = b"".join(erasure.decode(symbols, whole.count))[: whole.length]
        digest = sha256(content).digest()
        if digest.startswith(whole.digest):
            return Assembled(whole.kind, content, digest)
        wrong = erasure.wrong_symbols(symbols, whole.count)
        if not wrong:
            return None
        for index in wrong:
            del symbols[index]
