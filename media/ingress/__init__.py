"""What comes from strangers over UDP, looked at before aioice and aiortc see it.

- `addresses`: which addresses a peer may have us send to, and which of ours a page can use
- `datagrams`: what a datagram is, by its shape alone
- `counts`: what was dropped and what the libraries tripped over, counted and told in few lines
- `sources`: how many sources a peer may have
- `privates`: methods of the libraries' objects, replaced in one object
- `guard`: the two libraries' readers with all this in front of them
"""
