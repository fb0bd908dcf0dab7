"""Why nothing more was published: one exception for each reason, each with what to do.

Whatever was published before stays as it is, and every step can be done again.
"""

from typing import ClassVar

from revocation.errors import RevocationError


class PublishingError(RevocationError):
    """The root: what keeps a publisher from going on."""

    hint: ClassVar[str] = "Remove the cause; the next tick goes on where this one stopped."


class StoreFailed(PublishingError):
    """The store could not be read or written: disk full, no permission, no network."""

    hint: ClassVar[str] = (
        "Look at the disk, the network and the permissions. Nothing is lost: the next tick puts what is missing."
    )


class StoreCannotCompare(PublishingError):
    """The store overwrites what it was asked to write only if it is not there, so two publishers could not see each
    other."""

    hint: ClassVar[str] = (
        "Use a store that honours `If-None-Match: *` on PUT (Amazon S3 and MinIO do), or a folder that a tool copies."
    )


class ObjectDiffers(PublishingError):
    """Under the name of something that never changes lie other bytes than the ones that were to be put."""

    hint: ClassVar[str] = (
        "Somebody else publishes to this place, or the store is damaged. Find out who; if it is damaged, remove the "
        "object that the message names, and the next tick puts it again."
    )


class AnotherLeader(PublishingError):
    """Somebody else has extended the feed at this place; this publisher gives up and changes nothing."""

    hint: ClassVar[str] = (
        "One feed has one register. If two servers share it, nothing is wrong: the other one has published. If they "
        "do not, stop one of them at once."
    )


class LogBehind(PublishingError):
    """The store has more of the feed than the log: the register came back from a backup."""

    hint: ClassVar[str] = (
        "Restore the newest backup of the register. If there is none that knows it, enter the changes since then "
        "again and begin a new epoch: `liangzheng issuer feed epoch DIR`."
    )


class LogDamaged(PublishingError):
    """What the log holds does not fit together."""

    hint: ClassVar[str] = (
        "Restore the register from a backup; then begin a new epoch: `liangzheng issuer feed epoch DIR`."
    )
