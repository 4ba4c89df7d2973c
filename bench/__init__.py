"""Benchmarks: ratios measured side by side in one run, because absolute times on a shared machine are noise."""
