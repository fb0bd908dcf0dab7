"""Every bound of the protocol in one place, each with its derivation."""

from typing import Final

MAX_TEXT_CHARACTERS: Final = 2_000
"""A reader refuses longer text. The largest code that may be shown (version 25-L) carries 1,853 characters."""

MAX_CODE_BYTES: Final = 1_232
"""Version 25-L holds 1,853 alphanumeric characters; less the 4 of the prefix, base45 carries 2 bytes in 3."""

TARGET_COUNTER_BYTES: Final = 442
"""Version 14-L (667 characters with the prefix): what a 720p camera reads at arm's length (CAPTURE.md)."""

TARGET_OTHER_BYTES: Final = 694
"""Version 18-L (1,046 characters with the prefix): kiosks and long presentations."""

MAX_CBOR_DEPTH: Final = 16
"""SD-CWT section 5.5 lets a verifier refuse deeper claims."""

MAX_CBOR_ITEMS: Final = 512
"""A full driving licence with every disclosure decodes to about 150 items."""

MAX_DISCLOSURES: Final = 32
"""More than any kind in the catalogue has items; bounds the hashing work of one code."""

MAX_REDACTED_HASHES: Final = 32
"""In one map; the same bound for the issuer's side (CONTRACTS.md, CDDL)."""

MAX_TSTR_BYTES: Final = 1_024
"""Of one licence item: a business scope is the longest, around 300 Chinese characters."""

MAX_BSTR_BYTES: Final = 64
"""Of one licence item: digests."""

SALT_BYTES: Final = 16
"""SD-CWT section 4.1: a 128-bit salt for each disclosure."""

KID_BYTES: Final = 8
"""The first 8 bytes of the SHA-256 COSE_Key thumbprint (RFC 9679)."""

SIGNATURE_BYTES: Final = 64
"""Ed25519 and raw ECDSA P-256 alike (RFC 9053 sections 2.1 and 2.2)."""

SUB_CHARACTERS: Final = 10
"""Base62: 59.5 bits, unique in the register."""

MAX_KBT_LIFE: Final = 120
"""Seconds from iat to exp of a presentation; a screenshot cannot be older."""

KBT_LIFE: Final = 60
"""Seconds: what our wallet signs."""

REDRAW_EVERY: Final = 30
"""Seconds: how often our wallet rolls the code; consecutive codes overlap by half their life."""

CLOCK_SKEW: Final = 30
"""Seconds by which a phone and a terminal may disagree."""

CHALLENGED_SKEW: Final = 600
"""Seconds: with a cnonce freshness comes from the nonce, so a phone's clock may be wrong by ten minutes."""

MAX_CREDENTIAL_LIFE: Final = 120 * 86_400
"""Seconds: a credential's technical life; legal dates are `lic` keys 6 and 7."""

MAX_TIME: Final = 253_402_271_999
"""No moment of a token is later: 9999-12-31T23:59:59 at UTC+8, the last second that every calendar can write down."""

STATUS_LIST_ENTRIES: Final = 2**20
"""Entries of one status list; with 4 bits 512 KiB uncompressed."""

MAX_STATUS_LISTS: Final = 1_000_000
"""List numbers are written with one to six digits."""

MAX_STATUS_TOKEN_BYTES: Final = 1_048_576
"""A list of random 4-bit values does not compress: 512 KiB and its envelope, with room for twice as much."""

MAX_DOCUMENT_BYTES: Final = 4_194_304
"""Trust lists, catalogues, policies: nine regions with ten thousand keys stay below."""

MAX_DOCUMENT_ITEMS: Final = 200_000
"""CBOR items of one such document."""

MAX_PACKAGE_BYTES: Final = 262_144
"""A licence package: a few credentials of 3 kB, a portrait of 50 kB, the wallet directory."""
