"""Makes the vectors: good things and forged ones, one failure in each file, the same bytes at every run.

    python -m tests.vectors.generate [--check]

With `--check` nothing is written; the exit status is 1 when a file on disk differs from what would be written.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from protocol import appraisal_policy, cbor, cose_sign1, directory, keys, labels, limits, unixtime
from protocol.directory import PurposeItems, WalletDirectory
from protocol.errors import Code
from protocol.labels import Alg, Lic, Purpose
from protocol.licence import catalogue
from protocol.sd_cwt.key_binding import Presentation
from tests.utopia.forgeries import FORGERIES, LATER
from tests.utopia.forgery import Forgery
from tests.utopia.kinds import DRIVING_LICENCE, fixed_kinds
from tests.utopia.world import BEGINNING, WUYOU, World

FOLDER = Path(__file__).parent
NOT_READ = frozenset({Code.E_PREFIX, Code.E_SIZE, Code.E_B45, Code.E_CBOR})
"""CONTRACTS.md, "Built-in class of every code"."""


def plain(value: Any) -> Any:
    """A claim value as JSON: byte strings as {"hex": …}, map keys as text."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, Mapping):
        return {str(int(key)): plain(member) for key, member in sorted(value.items())}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value


def as_json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=True, sort_keys=True) + "\n").encode()


def good_presentations(world: World) -> Iterator[tuple[str, str, str, Presentation]]:
    """Name, notes, text, and what must be read."""
    for issuer_alg in Alg:
        for holder_alg in Alg:
            holder = world.holder(alg=holder_alg)
            flexible = world.credential(holder=holder, issuer_alg=issuer_alg)
            view = world.credential(holder=holder, issuer_alg=issuer_alg, view=Purpose.WINDOW)
            pair = f"{issuer_alg.name}-issuer-{holder_alg.name}-holder".lower()
            for layout, issued in (("flexible", flexible), ("view", view)):
                text = world.code(issued)
                yield f"{layout}-{pair}", f"layout {layout}, {pair.replace('-', ' ')}", text, world.read(text)
    flexible = world.credential()
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "nothing-disclosed": ("sd_claims is absent; only clear items are shown", {"shown": ()}),
        "group-without-its-members": ("two items of one nested group", {"shown": (Lic.SEX, Lic.AUTHORITY)}),
        "everything-disclosed": ("the largest code", {"shown": tuple(Lic)}),
        "answer-to-a-challenge": (
            "aud names a terminal, cnonce has 16 bytes",
            {"binding": world.key_binding(aud="lz:t/T-0001", cnonce=bytes(range(16)))},
        ),
        "answer-to-a-short-code": (
            "aud names a site, cnonce has 4 bytes",
            {"binding": world.key_binding(aud="lz:s/AB12", cnonce=b"\x00\x01\x02\x03")},
        ),
        "life-of-120-seconds": ("the longest life", {"binding": world.key_binding(life=120)}),
    }
    for name, (notes, arguments) in cases.items():
        text = world.code(flexible, **arguments)
        yield name, notes, text, world.read(text)


def good_file(name: str, notes: str, text: str, read: Presentation) -> dict[str, Any]:
    return {
        "name": name,
        "notes": notes,
        "text": text,
        "at": BEGINNING,
        "expected": {
            "class": "read",
            "iss": read.credential.iss,
            "vct": read.credential.vct,
            "status": {"uri": read.credential.status.uri, "idx": read.credential.status.idx},
            "aud": read.key_binding.aud,
            "items": plain(read.items),
            "hidden_items": read.hidden_items,
            "confirmation_key_thumbprint": read.confirmation_key.thumbprint.hex(),
            "replay_key": read.replay_key.hex(),
        },
    }


def bad_file(forgery: Forgery, text: str, *, stage: str) -> dict[str, Any]:
    return {
        "name": forgery.name,
        "notes": f"made by {forgery.attacker}",
        "text": text,
        "at": BEGINNING,
        "expected": {
            "class": "not_read" if forgery.code in NOT_READ else "refuse",
            "code": forgery.code.value,
            "stage": stage,
        },
    }


def documents(world: World) -> Mapping[str, bytes]:
    """The signed documents of 乌有市."""
    root = world.roots[WUYOU]
    later = unixtime.UnixTime(BEGINNING + unixtime.DAY)
    issuers = [world.issuers[WUYOU, alg].public_key for alg in Alg]
    maxima = {(DRIVING_LICENCE, Purpose.WINDOW): PurposeItems(frozenset({Lic.NAME}), frozenset({Lic.ADDRESS}))}
    wallet = WalletDirectory(
        WUYOU, 1, BEGINNING, later, world.kinds, maxima, {(world.iss(), keys.kid_of(key)): key for key in issuers}
    )
    rows = [world.policy_row(DRIVING_LICENCE, purpose) for purpose in Purpose]
    return {
        "root-key.cbor": cbor.encode(root.public_key.cose_key),
        "trust-list.cbor": world.trust_bytes(),
        "catalogue.cbor": catalogue.sign(world.catalogue(), root),
        "policy.cbor": appraisal_policy.sign(world.policy(rows), root),
        "wallet-directory.cbor": directory.sign(wallet, root),
        "credential.cbor": world.credential().encoded,
        "status-list.cbor": status_token(world),
    }


def status_token(world: World) -> bytes:
    """A token of 32 entries whose stream is stored, not compressed: zlib builds differ, and vectors must not."""
    packed = bytes.fromhex("00102030f0c0d0e00000000000000001")
    signer = world.status_signers[WUYOU]
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: world.iss(),
        labels.CLAIM_SUB: f"lz:{WUYOU}/3",
        labels.CLAIM_IAT: BEGINNING - 60,
        labels.CLAIM_EXP: BEGINNING + unixtime.DAY,
        labels.CLAIM_TTL: 300,
        labels.CLAIM_STATUS_LIST: {labels.STATUS_BITS: 4, labels.STATUS_LST: zlib.compress(packed, 0)},
        labels.CLAIM_LIST_SEQ: 1,
        labels.CLAIM_LIST_SHA256: sha256(packed).digest(),
    }
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_STATUS_LIST,
    }
    return cbor.encode(cose_sign1.sign1(headers, cbor.encode(payload), signer))


def files() -> Mapping[str, bytes]:
    """Every file, by its path below this folder."""
    world = World(kinds=fixed_kinds())
    made = {f"documents/{name}": content for name, content in documents(world).items()}
    index = []
    vectors = [("good", good_file(*each)) for each in good_presentations(world)]
    for stage, forgeries in (("reading", FORGERIES), ("appraisal", LATER)):
        for forgery in forgeries:
            text = forgery.make(world)
            # A megabyte of zeros teaches nothing that 2,001 characters do not.
            if len(text) <= 2 * limits.MAX_TEXT_CHARACTERS:
                vectors.append(("bad", bad_file(forgery, text, stage=stage)))
    for folder, content in vectors:
        path = f"{folder}/{content['name']}.json"
        made[path] = as_json(content)
        expected = {key: content["expected"][key] for key in ("class", "code", "stage") if key in content["expected"]}
        index.append(
            {"file": path, "name": content["name"], "at": content["at"], "notes": content["notes"], **expected}
        )
    made["index.json"] = as_json({"version": 1, "root": "documents/root-key.cbor", "vectors": index})
    return made


def differences(made: Mapping[str, bytes]) -> list[str]:
    """What stands on disk and should not, is missing, or has other bytes."""
    present = {
        str(path.relative_to(FOLDER)): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix in (".json", ".cbor")
    }
    return sorted(name for name in present.keys() | made.keys() if present.get(name) != made.get(name))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="write nothing; fail when something would change")
    made = files()
    changed = differences(made)
    if arguments.parse_args().check:
        print("\n".join(changed) or f"{len(made)} files are as they should be")
        return 1 if changed else 0
    for name in changed:
        path = FOLDER / name
        if name in made:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(made[name])
        else:
            path.unlink()
    print(f"{len(made)} files, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
