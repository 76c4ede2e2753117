"""Which events people must hear of, and in which words. Pure; delivering them is not done here."""
