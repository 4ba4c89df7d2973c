"""config and secrets together, as whole servers over mTLS."""
