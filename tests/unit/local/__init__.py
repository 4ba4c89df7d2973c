"""Tests of the one-machine stack's parts."""
