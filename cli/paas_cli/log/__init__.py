"""The audit log as this client knows it: fetched, verified, remembered, and proven to others.

What is verified is `transparency`'s; here is where it comes from, where it is kept, and what a person is told.
"""
