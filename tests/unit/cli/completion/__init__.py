"""Tests of completion: what is offered, what is kept, and what three shells make of it."""
