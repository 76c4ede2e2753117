"""Stress: what past falls of the market would do to a book of today. Pure."""
