"""What developers run and the product does not need; `./dev` is the way in."""
