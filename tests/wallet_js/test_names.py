"""Both wallets call the same thing by the same name, in snake_case and in camelCase; what they do not stands below.

Compared is what integrators may use: `__all__` of the Python modules that are the interface, and what the TypeScript
modules export (`tools/publicNames.mjs`). A name is a type, an act, a field, a word of a choice, or an error's code.
"""

import enum
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from liangzheng.reference import error_page, python_pages
from tests.wallet_js.conftest import run
from wallet_sdk.errors import WalletError

CARD: Final = (
    "Python works a Card out for a moment; TypeScript gives the licence itself, and the wallet says how it stands"
)
_CARD: Final = ("HeldLicence", "Card")
"""The one type with two names."""
_METHODS_OF: Final = ("Wallet", "Showing", "Card")
"""What Python has as methods of these, TypeScript has as functions with it first: a page loads what it uses."""


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def _python() -> set[str]:
    return {name for module in python_pages.MODULES for name in _of_module(importlib.import_module(module))}


def _of_module(module: Any) -> Iterator[str]:
    for name in module.__all__:
        what = getattr(module, name)
        if not inspect.isclass(what):
            yield _camel(name)
        elif not (issubclass(what, WalletError) and "code" in vars(what) and what is not WalletError):
            # Errors are compared by their codes.
            yield name
            yield from (f"{name}.{each}" for each in _members(what))


def _members(what: type) -> set[str]:
    ours = [each for each in what.__mro__ if each.__module__.startswith(("wallet_sdk", "protocol"))]
    names = {name for each in ours for name in [*vars(each), *vars(each).get("__annotations__", {})]}
    words = {each.name for each in what} if issubclass(what, enum.Enum) else set[str]()
    return {each.lower().replace("_", "-") for each in words} | {
        _camel(each) for each in names - words if not each.startswith("_")
    }


def _typescript(modules: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for module, names in modules.items():
        for exported, its in names.items():
            name, of = (_CARD[1] if each == _CARD[0] else each for each in (exported, its["of"]))
            # Those that ask an issuer are functions in Python, too.
            is_method = module != "openid4vci.mjs" and of in _METHODS_OF
            found.add(f"{of}.{name}" if is_method else name)
            found |= {f"{name}.{each}" for each in its["members"]}
            if its["kind"] == "type" and "code" not in its["members"]:
                found |= {f"{name}.{str(each).lower()}" for each in its["values"]}
    return found


PLATFORM: Final = "the platform's: an app gives storage, clock, randomness, network and key as ports"
VAULT: Final = "a vault of its own is Python's: in TypeScript storage and key store are the platform's"
SHEET: Final = "Python draws the consent sheet itself (`wallet_sdk.consent_sheet`); a page does it of these"
DRAWING: Final = "TypeScript draws SVG; a picture in another form is the page's"
IN_PARTS: Final = "Python accepts in one act; a page asks its holder before it keeps what came"
RECEIPTS: Final = "receipts (LR1:) are kept by Python alone"
POINTS: Final = "plain objects in degrees in TypeScript; `metres` is a function"
LISTED: Final = "Python's enum is its own list, and a bound stands in its signature"
DOUBLES: Final = "Python's test doubles serve both: they speak in packages and codes"
CATALOGUE: Final = "a catalogue has more than a wallet needs, and TypeScript reads no more of it"
WORDS: Final = "a word of Python's enum; TypeScript has the values themselves"
NATIVE: Final = "the language's own: an Error has a message, a table a row"
ROOT: Final = "TypeScript has one class of errors, and `code` says the rest"
LOOP: Final = "TypeScript has no other form than the one that is awaited"
TRIES: Final = "asking again and waiting is the app's `transport`"
AS_CAME: Final = "Python shows a state of its own and keeps the issuer's word in `told`; TypeScript shows the word"

RENAMED: Final = {
    "ConsentRequest.licence": ("ConsentRequest.card", CARD),
    "Reminder.licence": ("Reminder.card", CARD),
    "Wallet.state": ("Card.state", CARD),
    "Wallet.told": ("Card.told", CARD),
    "Wallet.items": ("Card.items", CARD),
    "Wallet.cautions": ("ConsentRequest.cautions", "a function of `further.mjs`, which the core does without"),
    "Alg.-9": ("Alg.esp256", WORDS),
    "Alg.-19": ("Alg.ed25519", WORDS),
}
"""TypeScript's name, Python's, and why they differ."""

ONLY_PYTHON: Final = {
    **dict.fromkeys(("CallbackKeyStore", "KeyStore", "KeyringKeyStore", "Pkcs11KeyStore"), PLATFORM),
    **dict.fromkeys(("KeyStoreError", "RequestError"), ROOT),
    **dict.fromkeys(
        (f"{name}.{it}" for name in ("WalletError", "OfferError") for it in ("meaning", "message", "texts")), NATIVE
    ),
    **dict.fromkeys(("Wallet.create", "Wallet.restore", "Wallet.backup", "Wallet.lock", "Protection"), VAULT),
    **dict.fromkeys(("Wallet.protection", "Wallet.keyAssurance", "Wallet.prove"), VAULT),
    "Wallet.pack": "TypeScript makes one: `new CardPack(wallet)` of `keeping.mjs`",
    "Wallet.takeDirectory": "TypeScript takes a directory in with a package alone",
    **dict.fromkeys(("Wallet.receipts", "KeptReceipt", "Use.receipt"), RECEIPTS),
    "Notices": "the cursor lies in the wallet, and TypeScript gives no other",
    **dict.fromkeys(("Patient", "Answer.retryAfter"), TRIES),
    **dict.fromkeys(("AsyncTransport", "asynchronous"), LOOP),
    **dict.fromkeys(
        (f"{name}.{it}" for name in ("Frame", "Picture") for it in ("halfBlocks", "matrix", "png", "version")), DRAWING
    ),
    "Frame.expiresIn": "a difference of two numbers",
    **dict.fromkeys(("Caution.text", "ConsentRequest.licenceNames", "ConsentRequest.unavoidable"), SHEET),
    "MissingKind.names": "a plain object in TypeScript: `kind?.names`",
    **dict.fromkeys(
        (
            f"Kind.{it}"
            for it in (
                "absenceIsStated",
                "departments",
                "holders",
                "item",
                "itemNamed",
                "lifetimeDays",
                "risk",
                "term",
                "typeCode",
                "views",
            )
        ),
        CATALOGUE,
    ),
    "Item.layout": CATALOGUE,
    "Addressee.open": "only a wallet makes one in TypeScript",
    **dict.fromkeys(("Purpose.audience", "Purpose.word", "Status.isFinal", "Status.valid"), WORDS),
    **dict.fromkeys((f"Names.{it}" for it in ("en", "zhHans", "zhHant")), "a map by language in TypeScript"),
    **dict.fromkeys(("Place.read", "Point.read", "Point.metresTo", "Point.ofDegrees"), POINTS),
    **dict.fromkeys(("CounterAnswer", "FakeClock", "IssuerBusy", "NotRead", "TestIssuer"), DOUBLES),
    **dict.fromkeys(("VirtualCounter", "VirtualScanner"), DOUBLES),
    **dict.fromkeys(
        (
            f"Card.{it}"
            for it in (
                "credentialExpires",
                "edition",
                "holderKind",
                "issuer",
                "item",
                "names",
                "validFrom",
                "validTo",
                "vct",
            )
        ),
        CARD,
    ),
    "Card.devices": "TypeScript's `wallet.news.devices(licence)`",
}

ONLY_TYPESCRIPT: Final = {
    **dict.fromkeys(("Ports", "Storage", "HistoryStorage", "Curves", "Signer", "Subtle", "KeyPair"), PLATFORM),
    **dict.fromkeys(("SoftwareSigner", "makeKeyPair", "nobleCurves", "overFetch"), PLATFORM),
    **dict.fromkeys(("webCryptoCurves", "webCryptoSigner", "VerificationKey", "Wallet.ports"), PLATFORM),
    **dict.fromkeys(("Delivery", "IssuerMetadata", "collect", "drop", "fresh", "issuerMetadata", "redeem"), IN_PARTS),
    **dict.fromkeys(("Event", "issuersOf", "Wallet.records", "MAX_ANSWER_BYTES"), IN_PARTS),
    **dict.fromkeys(("PROFILES", "PURPOSES", "MAX_RUNGS", "ED25519", "ESP256"), LISTED),
    **dict.fromkeys(("CAUTIONS", "LEVELS", "WHY_LINKED"), SHEET),
    **dict.fromkeys(("KIND", "animate"), "frames of one's own content; Python's are `protocol.qr.animated`"),
    **dict.fromkeys(("CardState.cancelled", "CardState.invalid", "CardState.withdrawn"), AS_CAME),
    **dict.fromkeys(("Card.credentials", "Card.directory"), CARD),
    "Ladder.length": "`len(ladder)`",
    "Item.isClear": "in Python its `layout` says so",
    "Choice": "Python says it in the signature of `JointRequest.approve`",
    "OfferError.detail": "Python has the detail of every error, as `str(error)` does",
    "ProtocolError": "what a VerificationKey is refused with; Python's is `protocol.errors`",
    "Use.relyingParty": "Python finds it in the receipt",
    "Wallet.directories": "Python's pack asks them itself",
    "Word": "Python says it in the signature of `News.take`",
    "openid4vci": "a module within the one file of mini-programs",
}

_VAULT_CODES: Final = ("BUSY", "EXISTS", "KEY_FILE", "LOCKED", "MISSING", "NOT_WRITTEN", "UNREADABLE")
_PASSPHRASE_CODES: Final = ("EMPTY", "NEEDED", "WRONG")
_KEY_CODES: Final = ("DECLINED", "FAILED", "GONE", "LOCKED", "STORE_MISSING", "STORE_UNEXPECTED", "STORE_UNUSABLE")

ERRORS_ONLY_PYTHON: Final = {
    **dict.fromkeys((f"WALLET_{it}" for it in _VAULT_CODES), VAULT),
    **dict.fromkeys((f"WALLET_PASSPHRASE_{it}" for it in _PASSPHRASE_CODES), VAULT),
    **dict.fromkeys((f"KEY_{it}" for it in _KEY_CODES), PLATFORM),
    **dict.fromkeys(("RECEIPTS_FULL", "RECEIPT_MALFORMED", "RECEIPT_NOT_FOUND"), RECEIPTS),
    **dict.fromkeys(("RECEIPT_OF_ANOTHER", "RECEIPT_UNTRUSTED"), RECEIPTS),
    **dict.fromkeys(("INPUT_UNUSABLE", "PACKAGE_DOWNLOAD", "OFFER_NOTHING_WAITS"), "what the command line is given"),
}


@pytest.fixture(scope="module")
def modules(packages: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(["node", "tools/publicNames.mjs"]))
    return found


def _unexplained(ours: set[str], theirs: set[str], explained: set[str]) -> list[str]:
    return sorted(name for name in ours - theirs - explained if name.partition(".")[0] not in explained)


def test_the_same_names(modules: dict[str, Any]) -> None:
    python, typescript = _python(), _typescript(modules)
    called_otherwise = {name for name, _ in RENAMED.values()}
    assert _unexplained(python, typescript, ONLY_PYTHON.keys() | called_otherwise) == []
    assert _unexplained(typescript, python, ONLY_TYPESCRIPT.keys() | RENAMED.keys()) == []


def test_no_exception_is_left_over(modules: dict[str, Any]) -> None:
    python, typescript = _python(), _typescript(modules)
    assert sorted(name for name in ONLY_PYTHON if name not in python or name in typescript) == []
    assert sorted(name for name in ONLY_TYPESCRIPT if name not in typescript or name in python) == []
    for name, (other, _) in RENAMED.items():
        assert name in typescript - python
        assert other in python - typescript


def test_the_same_errors(modules: dict[str, Any]) -> None:
    errors = [its[name] for its in modules.values() for name in ("WalletError", "OfferError") if name in its]
    typescript = {code for each in errors for code in each["values"]}
    python = {each.code for each in error_page.leaves()}
    assert typescript - python == set()
    assert python - typescript == ERRORS_ONLY_PYTHON.keys()
