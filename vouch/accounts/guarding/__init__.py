"""What stands between a stranger and an account: how many guesses they have, whose turn it is.

| file | what it is |
| --- | --- |
| `guesses.py` | how many wrong passwords and codes are taken, counted in the database |
| `devices.py` | the browsers that an account knows, which strangers' guesses do not shut out |
| `turns.py` | a short and fair queue before the costly hash |
| `strength.py` | which passwords are refused because they would be guessed |
"""
