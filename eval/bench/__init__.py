"""Benchmarks: each prints a table and a ratio or difference against a baseline of the same run."""
