"""Trying things out: strategies to replay, and a desk that trades them on paper."""
