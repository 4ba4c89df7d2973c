"""Tokens as pages show them and ask for them: scopes in sentences, when each ends and what ends with it."""
