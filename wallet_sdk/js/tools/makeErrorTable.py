"""Writes both error tables (the core's, and that of receiving by offers) from the Python wallet's errors.

python wallet_sdk/js/tools/makeErrorTable.py
"""

import json
from pathlib import Path

from wallet_sdk import errors, request_errors
from wallet_sdk.errors import WalletError
from wallet_sdk.openid4vci import errors as offer_errors

JS = Path(__file__).resolve().parents[1]
USED = (
    "CodeTooLarge",
    "ConsentMismatch",
    "ConsentMissing",
    "CredentialExpired",
    "CredentialMalformed",
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
    "AskedTooMuch",
    "BundleSize",
    "ChallengeForged",
    "ChallengeMalformed",
    "ChallengeOver",
    "ClockWrong",
    "MandateExpired",
    "MandateScope",
    "RegionUnknown",
    "TerminalExpired",
    "TerminalUnknown",
    "TerminalWithdrawn",
)


OFFERS = (
    "AddressUnsafe",
    "IssuerAnswerMalformed",
    "IssuerRefused",
    "IssuerUnreachable",
    "NotRefreshable",
    "OfferMalformed",
    "OfferUnsupported",
    "OtherLicence",
    "TxCodeNeeded",
)


def made() -> dict[str, str]:
    """The content of each table, by its place."""
    core = [getattr(errors, name, None) or getattr(request_errors, name) for name in USED]
    offers = [getattr(offer_errors, name) for name in OFFERS]
    return {
        "src/errorTable.ts": _table(core, "ERRORS", "ErrorCode"),
        "src/openid4vci/errorTable.ts": _table(offers, "OFFER_ERRORS", "OfferErrorCode"),
    }


def _table(leaves: list[type[WalletError]], name: str, code: str) -> str:
    table = {
        leaf.code: {
            "meaning": leaf.meaning,
            "hint": leaf.hint,
            "isRetryable": leaf.retryable,
            "texts": {"zh-Hans": leaf.texts.zh_hans, "zh-Hant": leaf.texts.zh_hant, "en": leaf.texts.en},
        }
        for leaf in leaves
    }
    written = json.dumps(table, ensure_ascii=False, indent=2, sort_keys=True)
    return (
        "/** What each error says: written by tools/makeErrorTable.py from the Python wallet's errors. */\n\n"
        f"export const {name} = {written} as const;\n\nexport type {code} = keyof typeof {name};\n"
    )


if __name__ == "__main__":
    for place, content in made().items():
        (JS / place).write_text(content, "utf-8")
