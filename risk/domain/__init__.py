"""The vocabulary that every room shares: facts and shapes, no decisions, no input or output."""
