"""Who may come in: keys of programs, and people's logins."""
