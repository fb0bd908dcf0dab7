"""A deliberately wrong implementation: reads as our library does, but for the one fault that its first argument names.

python wrong_reader.py FAULT VECTORS FORMAT AT KEY < text
"""

import json
import sys
from pathlib import Path

from liangzheng.vectors import checking, folder
from protocol.unixtime import UnixTime


def main(fault: str, vectors: str, form: str, at: str, key: str) -> int:
    content = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    chosen = folder.Format(form)
    given = folder.given_by_input(chosen, content, private_key=None if key == "-" else bytes.fromhex(key))
    ground = folder.ground_of(Path(vectors))
    vector = folder.Vector("", chosen, UnixTime(int(at)), given, {"class": "read"})
    answer = checking.OwnLibrary(ground).answer(vector)
    code, values, stages, verdict = answer.code, dict(answer.values), dict(answer.stages), answer.verdict
    match fault:
        case "none":
            pass
        case "accepts-all":
            verdict = "read"
        case "one-code":
            code = "E_SHAPE" if code else None
        case "last-four":
            values["last_four"] = "0000"
        case "sig-structure":
            stages["paper_sig_structure"] = "00"
        case "crashes":
            return 7
        case "hangs":
            sys.stdin.close()
            while True:
                pass
        case "chatters":
            print("ready")
            print("[1]")
            return 0
        case "silent":
            return {"read": 0, "refuse": 1, "not_read": 4}[verdict]
        case _:
            raise ValueError(fault)
    print("a line for people")
    print(json.dumps({"code": code, "read": values, "bytes": stages}))
    return {"read": 0, "refuse": 1, "not_read": 4}[verdict]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
