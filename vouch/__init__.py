"""The ground that every other package stands on: settings, database, clock, ids, keys, blobs, accounts, audit log.

It knows none of them.
"""

__version__ = "0.1.0"
