"""Who is let in where: every HTTP route and socket message against a table that is written by hand (`table.py`)."""
