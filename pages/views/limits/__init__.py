"""The Limits page: what it reads, and how that looks. `pages.limits` puts it together."""
