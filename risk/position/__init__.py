"""Position Risk Calculator: one position's value and risk. Pure."""
