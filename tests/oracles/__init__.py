"""Slow textbook versions of what the measures compute, written from the formulas alone."""
