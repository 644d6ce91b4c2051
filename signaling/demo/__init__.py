"""The demo: seeds, a simulated mSale Core, robot callers. Nothing that a real installation runs."""
