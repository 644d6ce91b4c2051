"""Between strangers' bytes and python-socketio: only what our pages may send gets through, at a rate they never need.

`frames.py` says what is taken, `allowance.py` how much, `link.py` is one connection's account, `websocket.py` and
`server.py` are the two places at which the library is entered.
"""
