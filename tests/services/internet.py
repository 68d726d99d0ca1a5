"""The internet for tests of the proxy: networks of their own, made without being root, and clients in them."""

from __future__ import annotations

import datetime
import ipaddress
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parents[2]
SITE, SITE_6 = "93.184.216.34", "2606:2800:220:1::34"
"""Addresses like public ones, at which web services answer."""

_CLIENTS = Path(__file__).parent / "internet_clients.py"
_OLD = ROOT / ".venv-original" / "bin" / "python"


class Internet:
    """What a test asks of the world: names, clients, and what came where."""

    def __init__(self, process: subprocess.Popen[str], authority: Path) -> None:
        self._process, self._authority = process, authority

    def names(self, **names: Any) -> None:
        """What resolvers answer, by the name without `.test`: addresses, or a list of such answers, each given once."""
        told = {
            f"{name.replace('_', '-')}.test": given if given and isinstance(given[0], list) else [given]
            for name, given in names.items()
        }
        self._ask({"do": "names", "names": told})

    def fetch(
        self, library: str, *wanted: dict[str, Any] | str, worker: str = "internet"
    ) -> list[dict[str, Any]]:
        """What a client gets for each request, which is a URL or has one; in the worker's network."""
        python = _OLD if library in ("requests", "aiohttp") else Path(sys.executable)
        assert python.exists(), f'there is no "{python}"; `make setup` makes it'
        found = self._ask(
            {
                "do": "client",
                "worker": worker,
                "argv": [str(python), str(_CLIENTS), library],
                "requests": [{"url": each} if isinstance(each, str) else each for each in wanted],
                "environment": {
                    "SSL_CERT_FILE": str(self._authority),
                    "REQUESTS_CA_BUNDLE": str(self._authority),
                },
            }
        )
        assert isinstance(found, list), found
        return found

    def told(self) -> dict[str, Any]:
        """What came where since it was asked last; connections to the internet since the beginning."""
        found: dict[str, Any] = self._ask({"do": "told"})
        return found

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def internet(folder: Path) -> Iterator[Internet]:
    """The world, for as long as the block runs. RuntimeError where this machine lets nobody make one."""
    if shutil.which("ip") is None:
        raise RuntimeError("there is no `ip`; on Debian install it with `apt-get install iproute2`")
    authority, certificate = _certificates(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.services.internet_world", str(certificate)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        if process.stdout.readline() != '"ready"\n':
            raise RuntimeError("networks for the test could not be made: user namespaces must be allowed")
        yield Internet(process, authority)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(30)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Files of an authority's certificate, and of one of its making for every `.test` name, with its key."""
    issuer_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the test's authority")])
    hosts = ("site.test", "six.test", "other.test", "sealed.test", "*.apps.test")
    names = [*map(x509.DNSName, hosts), x509.IPAddress(ipaddress.ip_address(SITE))]
    own = _signed(issuer, issuer, issuer_key, issuer_key, [(x509.BasicConstraints(True, None), True)])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the internet")])
    site = _signed(subject, issuer, key, issuer_key, [(x509.SubjectAlternativeName(names), False)])
    authority, certificate = folder / "authority.pem", folder / "site.pem"
    authority.write_bytes(own)
    certificate.write_bytes(
        site
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return authority, certificate


def _signed(subject: Any, issuer: Any, key: Any, by: Any, extensions: list[tuple[Any, bool]]) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
