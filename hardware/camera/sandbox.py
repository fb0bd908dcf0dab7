"""Gives up what the decoding process does not need: network, files, memory, core dumps, new privileges, root.

Each step is tried and skipped where the system refuses it (containers, other systems); the process says which ones
took hold. Two calls because libraries must be loaded, which needs files, before files can be given up.
Not handled here: a system-call filter.
"""

import ctypes
import os
import sys

try:
    import resource
except ImportError:  # Windows: no such limits there.
    resource = None  # type: ignore[assignment]  # checked before each use

_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_NOBODY = 65534
# zxing-cpp on a 50-megapixel image with its enlarged copies stays below half of it.
_MAX_ADDRESS_SPACE_BYTES = 3 * 1024**3


def before_loading() -> list[str]:
    """Gives up the network (while there is only one thread, as the kernel demands) and gaining privileges."""
    taken: list[str] = []
    if not sys.platform.startswith("linux"):
        return taken
    kernel = ctypes.CDLL(None)
    # Root may leave the network alone; others need a user namespace of their own to be allowed to.
    if kernel.unshare(_CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        taken.append("no network")
    if kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        taken.append("no new privileges")
    return taken


def after_loading() -> list[str]:
    """Gives up writing and opening files, much memory, core dumps and root."""
    taken: list[str] = []
    if resource is not None:
        for word, limit, value in (
            ("no core dump", resource.RLIMIT_CORE, 0),
            ("no file written", resource.RLIMIT_FSIZE, 0),
            ("no file opened", resource.RLIMIT_NOFILE, 3),
            ("memory bounded", resource.RLIMIT_AS, _MAX_ADDRESS_SPACE_BYTES),
        ):
            try:
                resource.setrlimit(limit, (value, value))
            except (OSError, ValueError):
                continue
            taken.append(word)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        try:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        except OSError:
            return taken
        taken.append("not root")
    return taken
