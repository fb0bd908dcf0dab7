"""Writes `wallet_sdk/js/verifier/web/reasonTable.ts` from the terminal's reasons, so that both say the same.

python -m tests.verifier_js.reason_table
"""

import json
from dataclasses import asdict
from pathlib import Path

from tests.wallet_js.conftest import JS
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.reasons import Language

TABLE = JS / "verifier" / "web" / "reasonTable.ts"
_TAGS = {Language.ZH_HANS: "zh-Hans", Language.ZH_HANT: "zh-Hant", Language.EN: "en"}


def made() -> str:
    table = {
        code.value: {tag: asdict(reason.texts(language)) for language, tag in _TAGS.items()}
        for code, reason in reasons.load().items()
    }
    written = json.dumps(table, ensure_ascii=False, indent=1, sort_keys=True)
    return (
        "/** What each reason says at a terminal: written by `python -m tests.verifier_js.reason_table`. */\n\n"
        'import type { Language } from "../../src/catalogue.ts";\n\n'
        "export interface ReasonTexts {\n"
        "  readonly short: string;\n  readonly action: string;\n  readonly citizen: string;\n"
        "}\n\n"
        f"export const REASONS: Readonly<Record<string, Readonly<Record<Language, ReasonTexts>>>> = {written};\n"
    )


if __name__ == "__main__":
    Path(TABLE).write_text(made(), "utf-8")
