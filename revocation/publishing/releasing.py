"""The two checkpoint files of a moment: one signature, and as many of the last deltas as may ride along.

Co-signatures of the deltas that may still be new to somebody ride first: without them nobody takes those deltas.
"""

from collections.abc import Sequence

from protocol import checkpoint, feed_names, limits
from protocol.checkpoint import Checkpoint, Inline
from protocol.keys import Signer
from revocation.publishing.log import LoggedDelta


def checkpoints(claims: Checkpoint, signer: Signer, *, recent: Sequence[LoggedDelta]) -> dict[str, bytes]:
    """The checkpoint files by name, the one for the minute last.

    Args:
        claims: What is signed.
        signer: The status key.
        recent: The last deltas that end at the checkpoint's seq, oldest first.

    Raises:
        ProtocolError: A terminal would refuse it.
    """
    longest = checkpoint.sign(claims, signer, inline=inline(recent, at_most=limits.MAX_INLINE_DELTAS))
    shortest = checkpoint.with_inline(longest, inline(recent, at_most=feed_names.MINUTE_INLINE))
    return {feed_names.CHECKPOINT_10: longest, feed_names.CHECKPOINT: shortest}


def inline(recent: Sequence[LoggedDelta], *, at_most: int) -> Inline:
    """What rides along: the last deltas, as many as there is room for."""
    ends = recent[-limits.MAX_INLINE_DELTAS :]
    statements = tuple(each.statement for each in ends if each.statement is not None)[-limits.MAX_REVERSALS :]
    room = limits.MAX_INLINE_BYTES
    riding: list[bytes] = []
    for statement in reversed(statements):
        if len(statement) > room:
            break
        riding.insert(0, statement)
        room -= len(statement)
    chosen: list[bytes] = []
    for each in reversed(ends[-at_most:]):
        if len(each.body) > room:
            break
        chosen.insert(0, each.body)
        room -= len(each.body)
    return Inline(tuple(chosen), tuple(riding))
