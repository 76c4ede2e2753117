"""Changes that wait for a second person, what was decided of others, and the policy's versions."""
