"""Writes what the wallet says from the Python wallet's own words, so that both say the same.

python wallet_sdk/js/tools/makeErrorTable.py
"""

import json
from pathlib import Path

from protocol.licence.catalogue import Names
from wallet_sdk import consent_sheet, errors, register_errors, request_errors, showing_errors
from wallet_sdk.cautions import Caution
from wallet_sdk.errors import Language, WalletError
from wallet_sdk.openid4vci import errors as offer_errors

JS = Path(__file__).resolve().parents[1]
USED = (
    "ChallengeOver",
    "CodeTooLarge",
    "ConsentMismatch",
    "ConsentMissing",
    "CredentialExpired",
    "CredentialMalformed",
    "DeviceReportedLost",
    "DirectoryExpired",
    "DirectoryRefused",
    "DisclosureMissing",
    "DisclosuresWrong",
    "ForeignDevice",
    "GroupInconsistent",
    "IssuerSignatureWrong",
    "IssuerUnknown",
    "ItemBeyondPurpose",
    "ItemUnknown",
    "ItemsInseparable",
    "ItemsWrong",
    "KindUnknown",
    "LicenceExpired",
    "LicenceIdTaken",
    "LicenceNotFound",
    "LicenceNotYet",
    "LicenceRevoked",
    "LicenceUnbound",
    "MandateExpired",
    "MandateScope",
    "MandateWrong",
    "PackageExpired",
    "PackageFromFuture",
    "PackageMalformed",
    "PackageOlder",
    "PortraitWrong",
    "PresentationRefused",
    "PurposeNotOffered",
    "RedrawIntervalWrong",
    "RegionMismatch",
    "RootChanged",
    "RootUnexpected",
    "ShowingClosed",
    "VaultDamaged",
    "VaultTooNew",
)
SHOWING = (
    "AskedTooMuch",
    "BundleSize",
    "CardNotHeld",
    "ChallengeForged",
    "ChallengeMalformed",
    "ClockWrong",
    "GroupRefused",
    "LadderForRequest",
    "LadderNeedsSession",
    "LadderOver",
    "LadderTooLong",
    "LadderWiped",
    "LicenceAmbiguous",
    "PortraitBesideSeal",
    "PortraitNotAgreed",
    "PortraitUnfit",
    "RateWrong",
    "RegionUnknown",
    "ShortCodeMalformed",
    "SiteAmbiguous",
    "SiteUnknown",
    "TerminalExpired",
    "TerminalUnknown",
    "TerminalWithdrawn",
)
OFFERS = (
    "AddressUnsafe",
    "IssuerAnswerMalformed",
    "IssuerRefused",
    "IssuerUnreachable",
    "LicenceOwed",
    "NotRefreshable",
    "OfferMalformed",
    "OfferPerhapsUsed",
    "OfferUnsupported",
    "OtherLicence",
    "TxCodeNeeded",
)
_HEAD = "/** {}: written by tools/makeErrorTable.py from the Python wallet's. */\n\n"


def made() -> dict[str, str]:
    """The content of each table, by its place."""
    levels = {str(level): _texts(names) for level, names in consent_sheet.LEVELS.items()}
    cautions = {caution.value: {language.value: caution.text(language) for language in Language} for caution in Caution}
    return {
        "src/errorTable.ts": _HEAD.format("What each error says") + _table(USED, "ERRORS", "ErrorCode"),
        "src/showingTable.ts": (
            _HEAD.format("What the errors of further ways to show say")
            + _table(SHOWING, "SHOWING_ERRORS", "ShowingErrorCode")
        ),
        "src/openid4vci/errorTable.ts": (
            _HEAD.format("What the errors of receiving by offers say")
            + _table(OFFERS, "OFFER_ERRORS", "OfferErrorCode")
        ),
        "src/sheetTexts.ts": (
            _HEAD.format("What stands on a consent sheet besides its items")
            + _const("CAUTIONS", cautions)
            + "\nexport type Caution = keyof typeof CAUTIONS;\n\n"
            + _const("LEVELS", levels)
            + "\n"
            + _const("WHY_LINKED", _texts(consent_sheet.WHY_LINKED))
        ),
    }


def _texts(names: Names) -> dict[str, str]:
    return {"zh-Hans": names.zh_hans, "zh-Hant": names.zh_hant, "en": names.en}


def _table(leaves: tuple[str, ...], name: str, code: str) -> str:
    table = {}
    for each in leaves:
        (leaf,) = {
            found
            for module in (errors, register_errors, request_errors, showing_errors, offer_errors)
            if isinstance(found := getattr(module, each, None), type) and issubclass(found, WalletError)
        }
        table[leaf.code] = {
            "meaning": leaf.meaning,
            "hint": leaf.hint,
            "retryable": leaf.retryable,
            "texts": _texts(leaf.texts),
        }
    return f"{_const(name, table)}\nexport type {code} = keyof typeof {name};\n"


def _const(name: str, value: object) -> str:
    written = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    return f"export const {name} = {written} as const;\n"


if __name__ == "__main__":
    for place, content in made().items():
        (JS / place).write_text(content, "utf-8")
