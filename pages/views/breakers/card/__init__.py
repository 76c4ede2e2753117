"""One breaker at length."""
