"""The gateway's configuration of calls in JSON, and the document about them."""
