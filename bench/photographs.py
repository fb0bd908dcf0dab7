"""Reads photographs that are not in this project, folder by folder, beside zxing-cpp's defaults, pyzbar and OpenCV.

    python -m bench.photographs FOLDER … [--smoke] [--without OpenCV] [--json FILE]

Any images in or below the folders. What a photograph says may stand beside it, in NAME.txt or NAME.EXTENSION.txt
(UTF-8); without it nothing can be wrong. Ours is `hardware read`'s path, `decode_image`, here without its process. CPU
milliseconds are per image, unpacking included, in this run on this machine: compare them with each other. Exit 1 when
ours reads less than zxing-cpp's defaults in any folder, or more wrongly; each image that only zxing reads is named.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Final

from bench.capture import opencv, zbar, zxing_default
from bench.corpus import Grey
from hardware.camera.still import ImageOverLimit, NotAnImage, decode_image, unpack

OURS, ZXING, ZBAR, OPENCV = "ours", "zxing default", "pyzbar", "OpenCV"
PEERS: Final[dict[str, Callable[[Grey], list[str]]]] = {ZXING: zxing_default, ZBAR: zbar, OPENCV: opencv}
IMAGES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
SMOKE_IMAGES: Final = 5


@dataclass(slots=True)
class Tally:
    """Counts of one reader in one folder."""

    read: int = 0
    wrong: int = 0
    seconds: float = 0.0

    def count(self, texts: Sequence[str], truth: str | None, seconds: float) -> bool:
        """Counts one image; says whether it was read, and rightly as far as that is known."""
        right = bool(texts) if truth is None else truth in map(_comparable, texts)
        self.read += right
        self.wrong += truth is not None and bool(texts) and not right
        self.seconds += seconds
        return right


@dataclass(slots=True)
class Folder:
    """One folder: how many images, how many with a truth beside them, every reader's counts, what ours alone missed."""

    images: int = 0
    with_truth: int = 0
    unusable: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether ours is nowhere below zxing's defaults."""
        ours, zxing = self.tallies[OURS], self.tallies[ZXING]
        return ours.read >= zxing.read and ours.wrong <= zxing.wrong


def truth_beside(image: Path) -> str | None:
    """What this image says, if somebody has written it down."""
    for file in (image.with_suffix(".txt"), image.with_name(f"{image.name}.txt")):
        if file.is_file():
            return _comparable(file.read_text(encoding="utf-8", errors="replace"))
    return None


def _comparable(text: str) -> str:
    """Line ends are the writers' of the files, not the codes'."""
    return text.replace("\r\n", "\n").rstrip("\n")


def images_below(folders: Sequence[Path]) -> Iterator[Path]:
    """Every image, in the order of the names."""
    for folder in folders:
        yield from (each for each in sorted(folder.rglob("*")) if each.suffix.lower() in IMAGES and each.is_file())


def measure(images: Sequence[Path], peers: dict[str, Callable[[Grey], list[str]]]) -> dict[str, Folder]:
    """Reads everything with everybody."""
    folders: dict[str, Folder] = {}
    for number, image in enumerate(images, 1):
        folder = folders.setdefault(str(image.parent), Folder(tallies={name: Tally() for name in (OURS, *peers)}))
        packed = image.read_bytes()
        try:
            began = process_time()
            grey = unpack(packed)
            unpacking = process_time() - began
            report = decode_image(packed)
            ours = process_time() - began - unpacking
        except (NotAnImage, ImageOverLimit):
            folder.unusable += 1
            continue
        truth = truth_beside(image)
        folder.images += 1
        folder.with_truth += truth is not None
        read = {OURS: folder.tallies[OURS].count([code.text for code in report.codes], truth, ours)}
        for name, peer in peers.items():
            began = process_time()
            texts = peer(grey)
            read[name] = folder.tallies[name].count(texts, truth, process_time() - began + unpacking)
        if read[ZXING] and not read[OURS]:
            folder.missed.append(image.name)
        print(f"\r{number} of {len(images)} images", end="", file=sys.stderr)
    print(file=sys.stderr)
    return folders


def print_table(folders: dict[str, Folder]) -> None:
    """Folder by folder: read, wrong, CPU milliseconds per image of each reader."""
    for name, folder in folders.items():
        print(f"{name}: {folder.images} images, {folder.with_truth} with their text beside them", end="")
        print(f", {folder.unusable} that are no images" if folder.unusable else "")
        for reader, tally in folder.tallies.items():
            milliseconds = 1_000 * tally.seconds / max(1, folder.images)
            print(
                f"    {reader:<14} read {tally.read:>5}   wrong {tally.wrong:>4}   {milliseconds:>8.1f} ms CPU an image"
            )
        if folder.missed:
            print(f"    read by {ZXING} and not by ours: {', '.join(folder.missed)}")
        print(f"    ours ≥ {ZXING}: {'holds' if folder.holds else 'FAILS'}")


def main() -> int:
    parser = argparse.ArgumentParser(description="See the module.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--smoke", action="store_true", help=f"only {SMOKE_IMAGES} images of each folder")
    parser.add_argument("--without", action="append", default=[], choices=(ZBAR, OPENCV), help="leave a peer out")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    images = list(images_below(arguments.folders))
    if arguments.smoke:
        by_folder: dict[Path, list[Path]] = {}
        for image in images:
            by_folder.setdefault(image.parent, []).append(image)
        images = [image for each in by_folder.values() for image in each[:SMOKE_IMAGES]]
    if not images:
        parser.error("there is no image in or below these folders")
    folders = measure(images, {name: peer for name, peer in PEERS.items() if name not in arguments.without})
    print_table(folders)
    if arguments.json is not None:
        figures = {
            name: {
                "images": folder.images,
                "with_truth": folder.with_truth,
                "unusable": folder.unusable,
                "missed": folder.missed,
                "readers": {
                    reader: {
                        "read": tally.read,
                        "wrong": tally.wrong,
                        "cpu_ms": round(1_000 * tally.seconds / max(1, folder.images), 2),
                    }
                    for reader, tally in folder.tallies.items()
                },
            }
            for name, folder in folders.items()
        }
        arguments.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0 if all(folder.holds for folder in folders.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
