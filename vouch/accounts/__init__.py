"""Who may do what: accounts with roles, passwords, sign-in with rate limit, web sessions."""
