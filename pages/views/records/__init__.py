"""What is known of forecasts and their outcomes, for every page that judges a model."""
