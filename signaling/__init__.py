"""The shell: sockets, the one timer, effects, wiring and the command line; the only package that knows the others."""
