"""What `vouch serve --tls-cert` speaks."""

import ssl
from pathlib import Path

from signaling.demo.lan import certificate


def test_nothing_older_than_tls_1_2_and_no_weak_cipher_is_spoken(tmp_path: Path) -> None:
    context = certificate(tmp_path, "127.0.0.1").context()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.maximum_version in {ssl.TLSVersion.MAXIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_3}
    spoken = context.get_ciphers()
    assert "TLS_AES_256_GCM_SHA384" in {each["name"] for each in spoken}
    assert [each["name"] for each in spoken if each["strength_bits"] < 128 or each["auth"] == "auth-null"] == []
    assert [each["name"] for each in spoken if each["kea"] not in {"kx-any", "kx-ecdhe"} or not each["aead"]] == []
