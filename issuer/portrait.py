"""A holder's portrait: small enough to travel as moving pictures, and bound to the licence by its digest (`lic` 14).

Guaranteed: one still WebP or AVIF picture that was decoded once, no larger than the bounds, and without metadata, since
every camera that sees the phone may read all of it. Not handled here: whose face it is; that is the authority's to know
(docs/spec/animated.md, docs/spec/licence-package.md).
"""

import io
from hashlib import sha256
from typing import Final

from PIL import Image

from issuer.errors import PortraitRefused
from protocol import limits

ITEM: Final = "portrait"
"""Its name in every kind that has one."""
SIDES: Final = range(60, 481)
"""Pixels of width and height: 90 × 120 is recognisable; in so few bytes more than 480 show no more of a face."""
_FORMATS: Final = ("WEBP", "AVIF")
_METADATA: Final = ("exif", "xmp")


def digest_of(portrait: bytes) -> str:
    """What the subject says of this portrait: its SHA-256 in hexadecimal.

    Raises:
        PortraitRefused: Of another format, too large, or not one still picture without metadata.
    """
    if not _is_webp(portrait) and not _is_avif(portrait):
        raise PortraitRefused("the portrait is neither WebP nor AVIF")
    if len(portrait) > limits.MAX_PORTRAIT_BYTES:
        raise PortraitRefused(f"the portrait has {len(portrait):,} bytes; at most {limits.MAX_PORTRAIT_BYTES:,}")
    try:
        with Image.open(io.BytesIO(portrait), formats=_FORMATS) as picture:
            # Before decoding: a few bytes can state many pixels.
            width, height = picture.size
            if width not in SIDES or height not in SIDES:
                raise PortraitRefused(f"the portrait has {width} × {height} pixels; {SIDES[0]} to {SIDES[-1]} each way")
            if getattr(picture, "n_frames", 1) != 1:
                raise PortraitRefused("the portrait moves")
            # A header proves nothing about the rest: a wallet shows what can be decoded.
            picture.load()
            metadata = [name for name in _METADATA if picture.info.get(name)]
    except PortraitRefused:
        raise
    except Exception as error:
        # A decoder names what it does not like in many ways of its own.
        raise PortraitRefused("the portrait cannot be decoded") from error
    if metadata:
        raise PortraitRefused(f"the portrait carries metadata ({', '.join(metadata)}), which every camera could read")
    return sha256(portrait).hexdigest()


def _is_webp(picture: bytes) -> bool:
    # RFC 9649 section 2.4.
    return picture[:4] == b"RIFF" and picture[8:12] == b"WEBP"


def _is_avif(picture: bytes) -> bool:
    # AV1 Image File Format section 6.2: the brand avif stands in the file type box, which comes first.
    return picture[4:8] == b"ftyp" and b"avif" in picture[8 : min(int.from_bytes(picture[:4]), 64)]
