"""Tests of the issuer that other tests sign in with."""
