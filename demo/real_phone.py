"""`./run --phone`: the web wallet for a real phone, over https in the local network, with a certificate of its own.

A browser makes keys only on https, and nobody vouches for an address such as 192.168.1.5: so the certificate is made
on the spot, the browser warns, and the fingerprint is printed. It also gives sample licences of the test region.
"""

import shutil
import socket
import subprocess
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Response, abort
from qrcode.main import QRCode
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from demo import web_wallet
from protocol.errors import ProtocolError
from protocol.unixtime import UnixTime
from wallet_sdk.ports import Clock
from wallet_sdk.testing import TestIssuer

JS: Final = Path(__file__).resolve().parents[1] / "wallet_sdk" / "js"
_LIFE: Final = timedelta(days=7)


class PhoneError(Exception):
    """The wallet cannot be served; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as files; the fingerprint is SHA-256, as browsers show it."""

    certificate: Path
    key: Path
    fingerprint: str


def build(folder: Path) -> Path:
    """Builds the web wallet from its sources.

    Raises:
        PhoneError: Node.js is missing, or building failed.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise PhoneError(
            "Node.js 20 or newer with npm is needed to build the web wallet: install it and run this again."
        )
    steps = [] if (JS / "node_modules").is_dir() else [[npm, "ci", "--ignore-scripts", "--no-progress"]]
    for step in [*steps, [node, "build.mjs", str(folder)]]:
        done = subprocess.run(step, cwd=JS, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if done.returncode != 0:
            raise PhoneError(f"The web wallet was not built ({' '.join(step[1:3])}):\n{done.stderr[-800:]}")
    return folder / "web"


def local_address() -> str:
    """This machine's address in the local network. Nothing is sent: a route is only looked up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise PhoneError("This machine is in no network: connect it to the one that the phone is in.") from error
        return str(probe.getsockname()[0])


def certify(address: str, folder: Path, at: UnixTime) -> Certificate:
    """A certificate for this address and nothing else, good for a week; its key lies only in this folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Liangzheng web wallet")])
    begins = datetime.fromtimestamp(at, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(hours=1))
        .not_valid_after(begins + _LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = Certificate(
        folder / "certificate.pem", folder / "key.pem", made.fingerprint(hashes.SHA256()).hex(":").upper()
    )
    files.key.touch(mode=0o600)
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    files.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return files


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """Whoever serves a demonstration wants to see its address, not every file."""


@contextmanager
def serving(built: Path, address: str, port: int, certificate: Certificate, clock: Clock) -> Iterator[BaseWSGIServer]:
    """The wallet and sample licences at this address."""
    app = web_wallet.create_app(built)
    issuer = TestIssuer(clock, failures=0)

    @app.get("/sample/<key>")
    def sample(key: str) -> Response:
        try:
            package = issuer.issue(urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        except (ValueError, ProtocolError):
            abort(400)
        return Response(package, mimetype="application/cbor")

    files = (str(certificate.certificate), str(certificate.key))
    server = make_server(address, port, app, threaded=True, request_handler=_Quiet, ssl_context=files)
    try:
        yield server
    finally:
        server.server_close()


def run(folder: Path, clock: Clock) -> None:
    """Builds, certifies, says where it is, and serves until it is ended.

    Raises:
        PhoneError: It cannot.
    """
    click.echo("Building the web wallet … 正在生成网页钱包……")
    built = build(folder)
    address = local_address()
    certificate = certify(address, folder, clock())
    with serving(built, address, 0, certificate, clock) as server:
        url = f"https://{address}:{server.server_port}/"
        picture: QRCode[Any] = QRCode(border=2)
        picture.add_data(url)
        picture.print_ascii(invert=True)
        click.echo(
            f"On a phone in the same network open 请用同一网络中的手机打开: {url}\n"
            "Its browser will warn: nobody but this machine vouches for the certificate. Go on only if it shows this\n"
            "fingerprint (SHA-256). 浏览器会警告证书未受信任；核对以下指纹一致后再继续：\n"
            f"  {certificate.fingerprint}\n"
            f"A sample licence 样例证照: copy the device's public key there, and open the link {url}sample/KEY\n"
            "With such a certificate the browser installs nothing and keeps nothing for offline use. Ctrl+C: 结束 end."
        )
        server.serve_forever()
