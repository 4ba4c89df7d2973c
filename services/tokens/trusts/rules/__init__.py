"""The rules of trusts: pure, each about one thing that a token of a CI system says. Must not touch anything outside."""
