"""Tests of one module at a time, with fakes for what is outside it."""
