"""What belongs to nobody's app: tokens, the trusts of CI systems, and the keys that secrets are sealed with."""
