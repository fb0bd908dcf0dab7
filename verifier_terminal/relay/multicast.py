"""Sends checkpoints by UDP multicast: one datagram a minute for each region, and at once when a feed has moved.

One datagram is one checkpoint and nothing else. What does not fit into it unfragmented goes without what rides along;
the checkpoint is the same. Datagrams get lost, are forged and come twice: they spare polls and replace none.
"""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose_sign1
from protocol.errors import ProtocolError
from verifier_terminal.relay.watch import Watched
from verifier_terminal.sync import multicast

MAX_DATAGRAM_BYTES: Final = 1_400
"""Below the least MTU of usual networks with tunnels in between."""


@dataclass(frozen=True, slots=True)
class Group:
    """Where to: a multicast address and a port, and the address of the interface to send from; None: any."""

    address: str
    port: int
    interface: str | None = None


def datagram(encoded: bytes) -> bytes | None:
    """The checkpoint as one datagram; None where it does not even fit alone, or is none."""
    if len(encoded) <= MAX_DATAGRAM_BYTES:
        return encoded
    try:
        structure = cbor.decode(encoded)
        protected, _, payload, signature = cose_sign1.shape(structure)
    except ProtocolError:
        return None
    assert isinstance(structure, cbor.Tagged)
    alone = cbor.encode(cbor.Tagged(structure.tag, (protected, {}, payload, signature)))
    return alone if len(alone) <= MAX_DATAGRAM_BYTES else None


def sending_socket(group: Group) -> socket.socket:
    """A socket that sends to the group, this machine included. Raises: OSError."""
    return multicast.sending_socket(group.address, group.port, group.interface)


async def send(watched: Watched, sender: socket.socket, *, every_seconds: float) -> None:
    """Sends until cancelled."""
    while True:
        news = watched.news
        packet = None if watched.encoded is None else datagram(watched.encoded)
        if packet is not None:
            # The network may be away, or its queue full. The next one is a minute off, and polls go on.
            with suppress(OSError):
                sender.send(packet)
        try:
            async with asyncio.timeout(every_seconds):
                await news.wait()
        except TimeoutError:
            continue
