"""What survives the process: tables, the store, the lease, the journal, and their codec.

Nothing here decides anything about risk. Times in tables are milliseconds since 1970, UTC.
"""
