"""Policies: what an owner decided about a book, read from a file, checked, compared, adopted."""
