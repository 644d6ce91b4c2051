"""Where connections come in: how many there may be, and how long they may take. What they ask for is `vouch/http`.

    door          listens, accepts, holds TLS handshakes; `bind` takes the address before anything is announced
    crowd         how many connections there are, in all and of one network; who has to go when it is full
    guard         between a connection and aiohttp: header, idleness, pipelining, framing, peers that read nothing
    pace          how many requests begin in one turn of the loop, networks in turn
    watch         says in the log when connections, descriptors or memory come near their bounds

aiohttp has one time-out for all of it, no bound on connections, and none on what a header may take in all.
"""
