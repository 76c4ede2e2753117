"""Correlation: do my coins move together, and does anything held offset them?"""
