"""Commands about shared groups, one module each. Their variables are those of `config` and `secrets`, with -a GROUP."""
