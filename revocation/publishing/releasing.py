"""The two checkpoint files of a moment: one signature, and as many of the last deltas as may ride along.

Co-signatures of the deltas that may still be new to somebody ride first: without them nobody takes those deltas.
"""

from collections.abc import Sequence

from protocol import checkpoint, feed_names, limits
from protocol.checkpoint import Checkpoint, Inline
from protocol.feed_names import Riding
from protocol.keys import Signer
from protocol.unixtime import UnixTime
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
    longest = checkpoint.sign(claims, signer, inline=inline(recent, feed_names.TEN_MINUTES, at=claims.iat))
    shortest = checkpoint.with_inline(longest, inline(recent, feed_names.MINUTE, at=claims.iat))
    return {feed_names.CHECKPOINT_10: longest, feed_names.CHECKPOINT: shortest}


def inline(recent: Sequence[LoggedDelta], riding: Riding, *, at: UnixTime) -> Inline:
    """What rides along: the last deltas without a gap, as many as are wanted and as there is room for.

    The newest one always is wanted: who polls in time lacks it at least.
    """
    ends = recent[-limits.MAX_INLINE_DELTAS :]
    statements = tuple(each.statement for each in ends if each.statement is not None)[-limits.MAX_REVERSALS :]
    room = riding.max_bytes
    with_them: list[bytes] = []
    for statement in reversed(statements):
        if len(statement) > room:
            break
        with_them.insert(0, statement)
        room -= len(statement)
    chosen: list[bytes] = []
    for each in reversed(ends):
        needed = not chosen or at - each.at <= riding.seconds
        cheap = len(chosen) < riding.spare and len(each.body) <= feed_names.SMALL_BYTES
        # Old co-signed deltas outlive those after them.
        follows = each.seq == ends[-1].seq - len(chosen)
        if not (needed or cheap) or not follows or len(each.body) > room:
            break
        chosen.insert(0, each.body)
        room -= len(each.body)
    return Inline(tuple(chosen), tuple(with_them))
