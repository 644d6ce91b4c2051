"""How node and worker keep others out of what they say: TLS between machines, and proofs that are bound to it.

A worker draws a certificate at each start; nodes take whichever is shown, because the proofs that both sides know the
secret name its hash (channel binding as in RFC 5929 §4, `tls-server-end-point`). Who stands between and shows another
certificate gets from neither side a proof that the other one takes. A pre-shared key within TLS would be the same thing
with fewer parts, but Python has it from 3.13 on.

Plain on loopback alone, which is decided by the address as it is written, the same on both sides: a name is never
looked up for it, so that nobody's answer to that look-up can make a connection plain.
"""

import datetime
import hashlib
import os
import ssl
import tempfile
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PLAIN = "plain"
"""What a proof is bound to where there is no certificate."""

_LIFE = datetime.timedelta(days=3650)  # nobody checks it; a worker draws anew at each start


def is_loopback(host: str) -> bool:
    """Whether nobody outside of this machine can stand between; a name other than `localhost` (RFC 6761) is not it."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def binding(certificate: bytes | None) -> str:
    """What proofs are bound to: the SHA-256 of the worker's certificate (DER), or `plain` without one."""
    return PLAIN if certificate is None else hashlib.sha256(certificate).hexdigest()


def client_context() -> ssl.SSLContext:
    """What a node dials with: any certificate, because the proof over its hash is what counts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Identity:
    """A worker's certificate and key, of this start of it alone."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vouch media worker")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
            .sign(key, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(Encoding.DER)
        """In DER, as nodes see it."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        """What to serve with."""
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _load(self.context, certificate.public_bytes(Encoding.PEM) + secret)


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    """Give a context its key, which Python takes from files alone: one that has no name, where the system has such."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
        return
    held = os.memfd_create("identity", os.MFD_CLOEXEC)
    try:
        os.write(held, pem)
        context.load_cert_chain(Path(f"/proc/self/fd/{held}"))
    finally:
        os.close(held)
