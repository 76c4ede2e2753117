"""Circuit Breakers: when trading stops by itself, for how long, and how it re-opens."""
