"""Who one is: profiles and their tokens, pasted or from an identity provider."""
