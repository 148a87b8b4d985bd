"""Fuzzing of every reader: text that almost fits, text that does not, and what a fuzzer guided by coverage finds."""
