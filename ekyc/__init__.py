"""What is proved: verifications, tokens, papers, policy, evidence and results; the dealer's and customer's pages.

It knows nothing of routing and media: the shell tells it what happened to a call and hands it the frames.
"""
