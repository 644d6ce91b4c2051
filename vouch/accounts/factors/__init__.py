"""Second factors: authenticator apps, passkeys, and codes on paper for when both are lost.

| file | what it is |
| --- | --- |
| `service.py` | setting up, proving, taking away; the rows |
| `totp.py` | codes of an authenticator app (RFC 6238) |
| `passkeys.py` | passkeys (WebAuthn level 3), as the `webauthn` package checks them |
| `recovery.py` | recovery codes |
"""
