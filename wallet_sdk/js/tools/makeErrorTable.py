"""Writes `src/errorTable.ts` from the Python wallet's errors, so that both say the same.

python wallet_sdk/js/tools/makeErrorTable.py
"""

import json
from pathlib import Path

from wallet_sdk import errors, request_errors

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


def made() -> str:
    table = {}
    for name in USED:
        leaf = getattr(errors, name, None) or getattr(request_errors, name)
        texts = {"zh-Hans": leaf.texts.zh_hans, "zh-Hant": leaf.texts.zh_hant, "en": leaf.texts.en}
        table[leaf.code] = {
            "meaning": leaf.meaning,
            "hint": leaf.hint,
            "isRetryable": leaf.retryable,
            "texts": texts,
        }
    written = json.dumps(table, ensure_ascii=False, indent=2, sort_keys=True)
    return (
        "/** What each error says: written by tools/makeErrorTable.py from the Python wallet's errors. */\n\n"
        f"export const ERRORS = {written} as const;\n\nexport type ErrorCode = keyof typeof ERRORS;\n"
    )


if __name__ == "__main__":
    (JS / "src" / "errorTable.ts").write_text(made(), "utf-8")
