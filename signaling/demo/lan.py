"""What `--lan` needs: this machine's address, a certificate for it made on the spot, and the address as a QR code.

Browsers give camera and microphone to secure pages only: https, or this machine itself.
"""

import os
from datetime import UTC, datetime, timedelta
from io import StringIO
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import ifaddr
import segno
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signaling.serve import NotReadyError, Tls

# Apple's devices refuse longer ones from certificates that the user trusted by hand too (825 days).
_VALID = timedelta(days=397)
_RENEW = timedelta(days=30)


def lan_address() -> str:
    """The IPv4 address by which others on this network reach this machine; NotReadyError where there is none."""
    found = [
        IPv4Address(address.ip)
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
        if isinstance(address.ip, str)
    ]
    usable = [address for address in found if not address.is_loopback and not address.is_link_local]
    # Home and office networks first: bridges of containers and tunnels tend to lie in 172.16.0.0/12 and 10.0.0.0/8.
    usable.sort(key=lambda address: not str(address).startswith("192.168."))
    if not usable:
        raise NotReadyError("This machine has no address on a local network; leave --lan out or join a network.")
    return str(usable[0])


def certificate(folder: Path, address: str) -> Tls:
    """A self-signed certificate for `address` and this machine itself; kept, and made anew when it does not fit."""
    tls = Tls(folder / "lan-certificate.pem", folder / "lan-key.pem")
    if not (tls.certificate.exists() and tls.key.exists() and _fits(tls.certificate, address)):
        _make(tls, address)
    return tls


def qr(url: str) -> str:
    """The address as a QR code for a terminal."""
    out = StringIO()
    segno.make(url, error="m", micro=False).terminal(out, compact=True)
    return out.getvalue()


def _fits(file: Path, address: str) -> bool:
    made = x509.load_pem_x509_certificate(file.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = names.get_values_for_type(x509.IPAddress)
    return ip_address(address) in addresses and made.not_valid_after_utc - datetime.now(UTC) > _RENEW


def _make(tls: Tls, address: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vouch demo")])
    addresses = [x509.IPAddress(ip_address(each)) for each in (address, "127.0.0.1")]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([*addresses, x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    _keep(tls.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _keep(tls.certificate, made.public_bytes(Encoding.PEM), 0o644)


def _keep(file: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)
