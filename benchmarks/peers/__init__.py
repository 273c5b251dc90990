"""The other ways to do it: one short program each, as its users would write it."""
