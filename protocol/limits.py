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

MAX_FEED_NUMBER: Final = 2**32 - 1
"""Epochs, sequence numbers, versions and sizes of a feed; with a delta every five seconds it lasts 680 years."""

SHA256_BYTES: Final = 32
"""Of a digest of an object of the feed."""

MAX_CHECKPOINT_BYTES: Final = 6_144
"""340 of the checkpoint itself, 8 bans of 25, 8 reversals of 40, 4,417 that ride along, and the heads of these."""

MAX_CHECKPOINT_LIFE: Final = 86_400
"""Seconds: what says nothing for a day is late by its own word; lateness is a grade (REVOCATION.md)."""

MAX_BANS: Final = 8
"""Issuer keys banned at once by one checkpoint; the trust list takes them over within hours."""

MAX_REVERSALS: Final = 8
"""Co-signed deltas that a checkpoint names, the last ones; an authority reverses a handful a year."""

MAX_REVERSAL_BYTES: Final = 256
"""Of one co-signature: 179 with the widest numbers and a region's name of nine characters."""

MAX_INLINE_DELTAS: Final = 160
"""Deltas that ride in a checkpoint: twelve minutes, one ordinary and twelve urgent ones each (one in five seconds)."""

MAX_INLINE_BYTES: Final = 4_096
"""Of inline deltas, unpacked, and co-signatures together: twelve minutes of 90,000 changes a day, for who asks every
ten. A request for each of them would cost 400 bytes more (ADR 0023)."""

MAX_MANIFEST_ENTRIES: Final = 256
"""48 hours, 120 days (no credential lives longer), a week, 43 co-signed deltas with their co-signatures."""

MAX_MANIFEST_BYTES: Final = 65_536
"""256 entries of 57 bytes, and 3.4 kB of signatures where a pair signs; with room for four times as much."""

MAX_FEED_URLS: Final = 4
"""Other places where a region's feed lies; more are a matter for a content network behind one of them."""

MAX_FEED_URL_BYTES: Final = 128
"""An https address of a folder."""

MAX_DELTA_BYTES: Final = 4_194_304
"""2^20 changes among 2^20 lists: 22 bits for a place and 5 for a status each. One of these is a whole download."""

MAX_DELTA_CHANGES: Final = 2**20
"""Of one delta or aggregate: a million licences revoked at once (with a co-signature), or a day of 90,000 changes."""

MAX_RETIRED_AT_ONCE: Final = 256
"""Lists closed by one delta or aggregate: two months' lists of a region of 56 million."""

MAX_BASE_BYTES: Final = 67_108_864
"""A thousand million entries of which 5 % are not valid take 48 MB."""

MAX_HELD_LISTS: Final = 4_096
"""Lists with anything but VALID in them that one state may hold: 4 thousand million entries, 2 GiB."""

MAX_AGGREGATION_BYTES: Final = 1_048_576
"""Of the unsigned document that names a region's lists: 10,000 names of 20 bytes, with room for five times as much."""

MAX_FEED_BUNDLE_BYTES: Final = 134_217_728
"""A base of 64 MiB and as much again for everything else: nine cities of 56 million have 6 MB."""

MAX_FEED_BUNDLE_ENTRIES: Final = 65_536
"""Of 35 regions with a day of deltas since each one's base, aggregates and documents."""

MAX_DOCUMENT_BYTES: Final = 4_194_304
"""Trust lists, catalogues, policies: nine regions with ten thousand keys stay below."""

MAX_DOCUMENT_ITEMS: Final = 200_000
"""CBOR items of one such document."""

MAX_PACKAGE_BYTES: Final = 262_144
"""A licence package: a few credentials of 3 kB, a portrait of 50 kB, the wallet directory."""

BUNDLE_PRESENTATIONS: Final = range(2, 5)
"""An identity card, a driving licence, a vehicle licence and one more in one act; one alone is no bundle."""

HOLDERS_REQUIRED: Final = range(1, BUNDLE_PRESENTATIONS.stop)
"""Who must show a licence together: its holders' presentations travel in one bundle."""

HOLDERS: Final = range(1, 17)
"""Of one licence: a large household's members, or the co-owners who have a certificate of their own."""

MAX_KIND_DEPARTMENTS: Final = 8
"""Offices that issue one kind; most have one."""

TERM_YEARS: Final = range(1, 101)
"""The longest legal term of a kind; identity cards have the longest, 20 years, before those without an end."""

RENEWAL_OPENS_DAYS: Final = range(1, 366)
"""Days before a licence's end; passports are renewed within their last year."""

GUARDIAN_BELOW: Final = range(1, 19)
"""Full years below which a guardian is needed: at 18 a person decides alone (Civil Code art. 17)."""

MAX_BUNDLE_BYTES: Final = 8_192
"""Four presentations with everything disclosed: a full driving licence has 1,185 bytes, the longest scope 2,000."""

MAX_MANDATE_LIFE: Final = 90 * 86_400
"""Seconds: an agent is named again every quarter at the latest."""

MANDATE_LEVELS: Final = range(1, 4)
"""Representative, licence manager, agent: at most three links from the licence to whom shows it."""

MAX_MANDATE_KINDS: Final = 16
"""More than the licences of any one scene."""

MAX_PAPER_LIFE: Final = 180 * 86_400
"""Seconds: paper is not refreshed by itself, so it lives longer than a credential and proves less."""

MAX_MASKED_NAME_BYTES: Final = 128
"""The longest transcribed names have about 40 characters of three bytes."""

ANIMATED_DIGEST_BYTES: Final = 8
"""Of SHA-256, in every frame: tells senders apart. What was signed holds the whole digest or a signature."""

MAX_ANIMATED_SYMBOLS: Final = 128
"""Data symbols (K); as many repair symbols remain of the 256 indices, so that every other frame may be lost."""

ANIMATED_INDICES: Final = 256
"""Elements of GF(2^8): a code over it has no more symbols than that."""

MAX_ANIMATED_BYTES: Final = 37_888
"""128 symbols of 296 bytes, the most that frames of the default version 11-L carry; a portrait has about 1,000."""

MAX_PORTRAIT_BYTES: Final = 4_096
"""Of a portrait that an issuer takes: 14 frames, 2.6 seconds with the code as every third of 8 pictures a second."""

MAX_ANIMATED_SENDERS: Final = 4
"""Phones in one picture, and one before them: bounds the assembler's memory to 4 × 256 symbols (≤ 1.3 MB)."""

MAX_IDLE_FRAMES: Final = 128
"""Frames of others after which a sender counts as gone: about 13 seconds at 10 pictures a second."""

ANIMATED_RATE: Final = 8
"""Pictures a second that our wallet shows; cameras of 30 pictures a second see each about three times."""

ANIMATED_RATES: Final = range(2, 11)
"""Pictures a second that a wallet may choose; faster ones blur into one another on a 60 Hz screen."""

SEAL_KID_BYTES: Final = 4
"""Of a sealing key: a terminal tells its few open requests apart; more bytes would only cost modules."""

SEAL_OVERHEAD_BYTES: Final = 68
"""What a sealed presentation of 256 bytes or more has beyond the presentation: headers 49, lengths 3, tag 16."""

MAX_CHALLENGE_LIFE: Final = 120
"""Seconds from iat to exp of a challenge; its nonce is burnt on first use."""

CHALLENGE_NONCE_BYTES: Final = 16
"""Nobody meets one twice; the terminal draws it for each request."""

MAX_WANTED_KINDS: Final = 4
"""Of one challenge: as many as a bundle has presentations (CONTRACTS.md)."""

MAX_REASON_CHARACTERS: Final = 200
"""Of 申请事由 in a challenge and in a receipt (TERMINAL.md)."""

MAX_SHOWN_NAME: Final = 64
"""Characters of a place or of a relying party: three lines of Chinese on a phone."""

MAX_CERTIFICATE_LIFE: Final = 7 * 86_400
"""Seconds: a stolen terminal's certificate ends by itself within a week."""

MAX_CERTIFICATE_KINDS: Final = 32
"""Of one purpose in a terminal certificate; the catalogue has 26."""

MAX_RECEIPT_BYTES: Final = 8_192
"""Four licences with 32 hashes each take 4.5 kB, certificate, reason and codes another 2."""

MAX_DISPUTE_BYTES: Final = MAX_RECEIPT_BYTES
"""The same certificate, and less than two hundred bytes."""

MAX_SITE_USES_BYTES: Final = 8_192
"""One datagram in up to six pieces: a certificate for every kind and purpose has several kilobytes."""

UNFRAGMENTED_BYTES: Final = 1_400
"""A datagram below the least MTU of usual networks: a certificate of 900 bytes leaves room for twelve uses."""

MAX_SITE_USES: Final = 40
"""In one datagram: more than the smallest certificate leaves room for."""

MAX_OFFICERS_ACT_BYTES: Final = 2_048
"""A staff certificate of at most 700 bytes, a reason of 200 characters of four bytes, and less than three hundred."""

MAX_ACT_AFTER_CHECK: Final = 600
"""Seconds: as long as a terminal keeps what a check was about; later nobody there could say which licence it was."""

MAX_RECEIPT_CODES: Final = 32
"""Of one verdict: no verdict collects half as many."""

MAX_ROW_BODY_BYTES: Final = 16_384
"""Of a row for the operator: an officer's act with its certificates has about 2 kB."""

MAX_ROW_BYTES: Final = 20_480
"""Such a body, a certificate of 900 bytes, and signatures."""

MAX_RENEWAL_BYTES: Final = 2_048
"""A certificate of 900 bytes, and a signature."""

MAX_ENROLMENT_BYTES: Final = 4_096
"""A request has about 250 bytes, its answer a certificate of 900 and a name."""

ENROLMENT_TOKEN_BYTES: Final = 16
"""Nobody guesses one within its hour."""

MAX_OPERATOR_URL_BYTES: Final = 200
"""Of an operator's address: with it an enrolment code stays below version 14."""
