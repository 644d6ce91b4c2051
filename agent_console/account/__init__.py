"""What everybody does with an account of their own: sign in, choose a password, see their sessions, set up factors.

| file | what it is |
| --- | --- |
| `gate.py` | who asks, for staff and dealers alike; from the password to a session that is open |
| `account_api.py` | signing in and out, password, sessions |
| `factors_api.py` | the second step of signing in; setting up and taking away second factors |
| `messages.py` | what is sent and answered |
"""
