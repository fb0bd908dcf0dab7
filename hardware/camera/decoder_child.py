"""The decoding process: takes pictures from a socket, answers with reports, trusts and keeps nothing.

Run by decoder_process.py as `python -m hardware.camera.decoder_child MODULE:FUNCTION`, with the socket as standard
input. First the network is given up, then the libraries are loaded, then everything else is given up.
"""

import sys

from hardware.camera import sandbox


def main(arguments: list[str]) -> None:
    """Serves until the socket closes."""
    taken = sandbox.before_loading()
    # The libraries behind this import start threads, and the network can be given up only while there are none.
    from hardware.camera.decoder_service import load, serve  # noqa: PLC0415

    decode_frame = load(arguments[0])
    taken += sandbox.after_loading()
    serve(decode_frame, taken)


if __name__ == "__main__":
    main(sys.argv[1:])
