"""The real provider of `tests/issuer/oidc`, started for a test module; and somebody who signs in there."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from issuer.people.single_sign_on import Provider

FOLDER = Path(__file__).parent / "oidc"
CLIENT, SECRET = "console", "s" * 43


@contextmanager
def running(come_back_to: str) -> Iterator[Provider]:
    """A provider that knows one client, whose people come back to this address."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip("no OpenID provider here (npm ci --prefix tests/issuer/oidc)")
    settings = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [come_back_to]}
    process = subprocess.Popen(
        [node, "provider.mjs", json.dumps(settings)],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        yield Provider(process.stdout.readline().strip(), CLIENT, SECRET)
        process.stdin.close()


class Human:
    """Somebody with a browser at the provider."""

    def __init__(self, name: str) -> None:
        self.name, self.browser = name, requests.Session()

    def sign_in(self, address: str) -> str:
        """Follow this address, do what the provider asks, and return where it sends the browser back to."""
        come_back = "/console/came-back"
        answer = self.browser.get(address, allow_redirects=False)
        for _ in range(12):
            if answer.is_redirect:
                address = urljoin(address, answer.headers["Location"])
                if come_back in address:
                    return address
                answer = self.browser.get(address, allow_redirects=False)
                continue
            found = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert found is not None, answer.text[:500]
            form = {"prompt": found[1], "login": self.name, "password": "any"}
            answer = self.browser.post(address, data=form, allow_redirects=False)
        raise AssertionError("the provider asks and asks")
