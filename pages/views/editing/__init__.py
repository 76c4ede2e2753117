"""What somebody wants to be different: forms of limits, breakers, versions, and what follows."""
