"""The Exposure page: what it reads, and how that looks. `pages.exposure` puts it together."""
