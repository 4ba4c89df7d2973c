"""Malformed calls in JSON, through the gateway's transcoder: bodies (`bodies`), and what is around them (`around`)."""
