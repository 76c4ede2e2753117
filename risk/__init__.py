"""Seawall: measures a trading book's risk, answers orders, and says why."""
