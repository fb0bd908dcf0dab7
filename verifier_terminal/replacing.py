"""Puts a small file in the place of another, durably: afterwards it is the old one or the new one, whole.

Not handled here: files that must not exist yet (config.py, identity.py), and the journal's own.
"""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Durable on return, name and content.

    Raises:
        OSError: It could not be written; what was there stays.
    """
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable.

    Raises:
        OSError: The disk refused.
    """
    if os.name == "nt":
        return  # Windows has no handle of a folder to flush; names are journalled there.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
