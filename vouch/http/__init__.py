"""What every HTTP request and answer of Vouch has in common.

    origins       whether a browser's request comes from a page of ours
    bodies        bodies read within bounds of size and time; JSON as typed messages
    uploads       what all large bodies under way may hold in memory together
    headers       the security headers, by kind of page
    middlewares   what wraps every handler: the access log, problems, the checks before a handler
    crowd         how many requests one address may have under way behind a proxy

Below HTTP, where connections are counted and timed: `vouch/door`. Who asks, and from which network:
`vouch/addresses.py`.
"""

from vouch.addresses import address_of, network_of
from vouch.http.bodies import answer, chunks, jpeg, parse, read, takes
from vouch.http.middlewares import answer_problems, middlewares
from vouch.http.origins import allowed_origin, scheme_of

__all__ = [
    "address_of",
    "allowed_origin",
    "answer",
    "answer_problems",
    "chunks",
    "jpeg",
    "middlewares",
    "network_of",
    "parse",
    "read",
    "scheme_of",
    "takes",
]
