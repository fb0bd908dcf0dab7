"""The forgery factory: every operator, each with the one reason that must answer it (SECURITY.md A and B).

`FORGERIES` are refused while reading (steps 1 to 9 and the clockless part of 10). `LATER` are read without complaint,
because only a clock, an audience or a status can refuse them: the appraisal's tests take them up.
"""

from typing import Any

from protocol import labels
from protocol.errors import Code
from tests.utopia import forged_bytes, forged_claims, forged_headers, forged_signatures
from tests.utopia.forgery import Attacker, Change, Forgery, both, put

FORGERIES: tuple[Forgery, ...] = (
    *forged_bytes.FORGERIES,
    *forged_headers.FORGERIES,
    *forged_signatures.FORGERIES,
    *forged_claims.FORGERIES,
)

_NOW = 1_795_226_400


def _made(iat: int, exp: int) -> Change:
    return both(put("binding", labels.CLAIM_IAT, iat), put("binding", labels.CLAIM_EXP, exp))


def _later(name: str, code: Code, change: Change, **base: Any) -> Forgery:
    return Forgery(name, code, Attacker.HOLDER, change, base)


LATER: tuple[Forgery, ...] = (
    _later("later-life-of-121-seconds", Code.E_KBT_LIFE, _made(_NOW, _NOW + 121)),
    _later("later-life-of-a-day", Code.E_KBT_LIFE, _made(_NOW, _NOW + 86_400)),
    _later("later-screenshot-of-91-seconds", Code.E_KBT_STALE, _made(_NOW - 91, _NOW - 31)),
    _later("later-screenshot-of-an-hour", Code.E_KBT_STALE, _made(_NOW - 3_600, _NOW - 3_540)),
    _later("later-made-31-seconds-ahead", Code.E_KBT_FUTURE, _made(_NOW + 31, _NOW + 91)),
    _later("later-for-the-police", Code.E_AUD, put("binding", labels.CLAIM_AUD, "lz:p")),
    _later("later-for-an-unknown-purpose", Code.E_AUD, put("binding", labels.CLAIM_AUD, "lz:z")),
    _later("later-nonce-never-given", Code.E_CNONCE, put("binding", labels.CLAIM_CNONCE, b"n" * 16)),
)
