"""Between strangers' bytes and python-socketio: only what our pages may send gets through, at a rate they never need.

`frames.py` says what is taken, `link.py` is one connection's account of how much, `websocket.py` and
`server.py` are the two places at which the library is entered.
"""
