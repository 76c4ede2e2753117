"""The Breakers page: what is read, what its address may say, and its parts."""
