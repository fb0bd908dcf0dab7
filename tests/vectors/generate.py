"""Makes the vectors: good things and forged ones, one failure in each file, the same bytes at every run.

    python -m tests.vectors.generate [--check]

With `--check` nothing is written; the exit status is 1 when a file on disk differs from what would be written.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from liangzheng.vectors import acts, folder, reading
from liangzheng.vectors.folder import Format, Given, Ground, Stage
from liangzheng.vectors.stages import stages
from protocol import appraisal_policy, cbor, cose_sign1, directory, keys, labels, limits, trust_list, unixtime
from protocol.directory import Office, PurposeItems, Site, WalletDirectory
from protocol.errors import Code
from protocol.keys import VerificationKey
from protocol.labels import Alg, Lic, Purpose
from protocol.licence import catalogue
from protocol.place import Place, Point
from tests.utopia.forgeries import FORGERIES, LATER
from tests.utopia.kinds import DRIVING_LICENCE, fixed_kinds
from tests.utopia.world import BEGINNING, WUYOU, World
from tests.vectors import (
    at_terminals,
    from_authorities,
    from_further_algorithms,
    from_holders,
    from_roots,
    in_the_field,
)
from tests.vectors.from_roots import Recorded
from tests.vectors.vector import NAMED, Vector, as_json, described, further_anchors, signer

FOLDER = Path(__file__).parent
NOT_READ = frozenset({Code.E_PREFIX, Code.E_SIZE, Code.E_B45, Code.E_CBOR})
"""CONTRACTS.md, "Built-in class of every code"."""


def presentations(world: World) -> Iterator[Vector]:
    """Plain presentations: every pair of algorithms in both layouts, special cases, and all forgeries."""
    for name, notes, text in _good_presentations(world):
        yield Vector(Format.PRESENTATION, name, notes, Given((text,)))
    for stage, forgeries in ((Stage.READING, FORGERIES), (Stage.APPRAISAL, LATER)):
        for forgery in forgeries:
            text = forgery.make(world)
            # A megabyte of zeros teaches nothing that 2,001 characters do not.
            if len(text) <= 2 * limits.MAX_TEXT_CHARACTERS:
                notes = f"made by {forgery.attacker}"
                yield Vector(Format.PRESENTATION, forgery.name, notes, Given((text,)), forgery.code, stage)


def _good_presentations(world: World) -> Iterator[tuple[str, str, str]]:
    for issuer_alg in Alg:
        for holder_alg in Alg:
            holder = world.holder(alg=holder_alg)
            flexible = world.credential(holder=holder, issuer_alg=issuer_alg)
            view = world.credential(holder=holder, issuer_alg=issuer_alg, view=Purpose.WINDOW)
            pair = f"{issuer_alg.name}-issuer-{holder_alg.name}-holder".lower()
            for layout, issued in (("flexible", flexible), ("view", view)):
                yield f"{layout}-{pair}", f"layout {layout}, {pair.replace('-', ' ')}", world.code(issued)
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
        yield name, notes, world.code(flexible, **arguments)


def vectors(world: World, recorded: Recorded) -> Iterator[Vector]:
    """All of them, format by format."""
    return chain(
        presentations(world),
        from_holders.sealed(world),
        from_authorities.challenges(),
        from_holders.bundles(world),
        from_holders.animations(),
        from_holders.mandates(world),
        from_authorities.receipts(),
        from_authorities.papers(world),
        from_authorities.staff(),
        from_authorities.acts_of_officers(),
        in_the_field.enrolments(world),
        in_the_field.rows(),
        from_roots.trust_lists(world, recorded),
    )


def expected(vector: Vector, ground: Ground) -> dict[str, Any]:
    """What a reader must answer: values from what was made, or the code that the forgery was made for."""
    if vector.code is None:
        return {"class": "read", **reading.read(vector.format, vector.given, ground=ground, at=BEGINNING)}
    return {
        "class": "not_read" if vector.code in NOT_READ else "refuse",
        "code": vector.code.value,
        "stage": vector.stage.value,
    }


def content_of(vector: Vector, ground: Ground) -> dict[str, Any]:
    """The vector's own file."""
    given = vector.given
    content: dict[str, Any] = {
        "format": vector.format.value,
        "name": vector.name,
        "notes": vector.notes,
        "at": BEGINNING,
        "expected": expected(vector, ground),
    }
    if given.content is not None:
        content["hex"] = given.content.hex()
    elif vector.format is Format.ANIMATED:
        content["texts"] = list(given.texts)
    else:
        (content["text"],) = given.texts
    if given.private_key is not None:
        content["private_key"] = given.private_key.hex()
    if vector.making is not None:
        content["making"] = dict(vector.making)
    return content


def entry_of(path: str, content: Mapping[str, Any], vector: Vector, public_keys: Mapping[str, VerificationKey]) -> Any:
    """The vector's line in the index; of a good one with all bytes between its text and its values."""
    stated = {key: content["expected"][key] for key in ("class", "code", "stage") if key in content["expected"]}
    entry = {"file": path, **{key: content[key] for key in ("format", "name", "notes", "at")}, **stated}
    if vector.code is None:
        entry["bytes"] = stages(vector.format, vector.given)
        shown = json.dumps(entry["bytes"])
        entry["keys"] = [
            name
            for name, key in public_keys.items()
            if keys.kid_of(key).hex() in shown or _coordinate(key).hex() in shown
        ]
    return entry


def _coordinate(key: VerificationKey) -> bytes:
    """What of the key stands in every COSE_Key of it: x, or the whole of an AKP key."""
    content = key.cose_key.get(labels.KEY_X, key.cose_key[labels.KEY_PUB])
    assert isinstance(content, bytes)
    return content


def documents(world: World) -> Mapping[str, bytes]:
    """The signed documents of 乌有市."""
    root = world.roots[WUYOU]
    later = unixtime.UnixTime(BEGINNING + unixtime.DAY)
    listed = [each for each in (*world.anchors(), *further_anchors(world)) if each.use in directory.USES]
    maxima = {(DRIVING_LICENCE, Purpose.WINDOW): PurposeItems(frozenset({Lic.NAME}), frozenset({Lic.ADDRESS}))}
    sites = {"00A7": Site("乌有市政务服务中心", "乌有市数据局")}
    offices = tuple(
        Office(name, "虚构区演示路9号", "12345", frozenset({DRIVING_LICENCE}), place)
        for name, place in (
            ("乌有市车管所", None),
            ("第二车管所", Place("990101")),
            ("第三车管所", Place("990102", Point(-312_304, 1_214_737))),
        )
    )
    anchors = trust_list.index(tuple(listed))
    wallet = WalletDirectory(WUYOU, 1, BEGINNING, later, world.kinds, maxima, anchors, sites, offices=offices)
    rows = [world.policy_row(DRIVING_LICENCE, purpose) for purpose in Purpose]
    return {
        "root-key.cbor": cbor.encode(root.public_key.cose_key),
        "trust-list.cbor": world.trust_bytes((*world.anchors(), *further_anchors(world))),
        "keys.json": as_json(described(world)),
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
    trust = world.trust((*world.anchors(), *further_anchors(world)))
    recorded = Recorded.load()
    named = {name: signer(world, name).public_key for name in NAMED}
    ground = Ground(world.roots[WUYOU].public_key, trust)
    signed = {**documents(world), **at_terminals.policies(world)}
    at_places = acts_of(world, ground, signed)
    made = dict(folder_of(vectors(world, recorded), ground, signed, named, acts=at_places.index)) | at_places.files
    for each in (from_further_algorithms.sm2_folder(world), from_roots.pair_folder(world, recorded)):
        content = dict(folder_of(each.vectors, each.ground, each.documents, each.public_keys, **each.index))
        made |= {f"{each.name}/{path}": encoded for path, encoded in (content | each.further).items()}
    return made


@dataclass(frozen=True, slots=True)
class ActsOfFolder:
    """The acts' files, and their lines in the index."""

    files: Mapping[str, bytes]
    index: Sequence[Mapping[str, Any]]


def acts_of(world: World, ground: Ground, signed: Mapping[str, bytes]) -> ActsOfFolder:
    """The acts; their class and codes are stated, and the rest of a verdict is what follows from them."""
    terminal = acts.OwnTerminal(ground, lambda name: signed[name.removeprefix("documents/")])
    made: dict[str, bytes] = {}
    index = []
    for vector in at_terminals.vectors(world):
        path = f"acts/{vector.name}.json"
        assert path not in made, f"two acts are named {path}"
        said = acts.stated(terminal.verdict(acts.Act(path, vector.at, vector.given, {})))
        expected = {
            **said,
            "class": vector.verdict,
            "proceed": vector.proceed,
            "codes": dict(sorted(vector.codes.items())),
        }
        made[path] = as_json(
            {"name": vector.name, "notes": vector.notes, "at": vector.at, "given": vector.given, "expected": expected}
        )
        index.append(
            {
                "file": path,
                "name": vector.name,
                "notes": vector.notes,
                "at": vector.at,
                "class": vector.verdict,
                "codes": list(expected["codes"]),
            }
        )
    return ActsOfFolder(made, index)


def folder_of(
    of_the_folder: Iterable[Vector],
    ground: Ground,
    signed: Mapping[str, bytes],
    public_keys: Mapping[str, VerificationKey],
    **further: Any,
) -> Mapping[str, bytes]:
    """The files of one folder with an index of its own."""
    made = {f"documents/{name}": content for name, content in signed.items()}
    index = []
    for vector in of_the_folder:
        path = f"{'good' if vector.code is None else 'bad'}/{vector.name}.json"
        assert path not in made, f"two vectors are named {path}"
        content = content_of(vector, ground)
        made[path] = as_json(content)
        index.append(entry_of(path, content, vector, public_keys))
    made["index.json"] = as_json(
        {
            "version": folder.VERSION,
            "root": "documents/root-key.cbor",
            "trust": "documents/trust-list.cbor",
            "keys": "documents/keys.json",
            "vectors": index,
            **further,
        }
    )
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
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made[name])
        else:
            path.unlink()
    print(f"{len(made)} files, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
