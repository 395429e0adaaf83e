"""The pages of signing in, and of managing people and units."""
