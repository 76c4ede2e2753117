"""What people do about breakers and stopped scopes by hand: forms, and what becomes of them."""
