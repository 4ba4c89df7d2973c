"""releaser: brings what config and secrets hold into running instances, one release at a time per app."""
