"""What staff see: the HTTP API of agents, supervisors and administrators, and the pages /agent and /supervisor.

It knows neither calls' floors nor verifications' tables: `ports.py` says what it asks of them. The pages are in `web/`.
"""
