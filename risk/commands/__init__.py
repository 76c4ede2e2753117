"""What people type: one module a command, thin, over functions that live elsewhere."""
