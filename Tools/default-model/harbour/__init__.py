"""The world of the default model: a small harbour, and every sentence said about it."""
