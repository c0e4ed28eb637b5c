"""A module and tensors in, a fitted module out; knows neither trials nor storage."""
