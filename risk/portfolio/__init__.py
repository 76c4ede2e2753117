"""Portfolio Risk Controller: the whole book's exposure, tail risk, course and forecasts. Pure."""
