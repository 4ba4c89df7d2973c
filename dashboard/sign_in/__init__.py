"""How a browser becomes somebody's: at the identity provider, or with a link that is good once."""
