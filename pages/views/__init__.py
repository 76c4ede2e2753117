"""Whole screens as pure functions of what was read; the pages beside them only wire."""
