"""Addresses of pages that others lead to."""

VAR_PATH = "/var"
#: Where all models stand with what every test says of them.
HEALTH_PATH = "/models"
#: How full each limit is.
LIMITS_PATH = "/limits"
#: What agents asked, and what became of it.
ORDERS_PATH = "/orders"
#: What stops trading by itself, and what it did.
BREAKERS_PATH = "/breakers"
#: Changes that wait for a second word, and what became of others.
CHANGES_PATH = "/changes"
#: What was kept for ever, as a story.
JOURNAL_PATH = "/journal"
