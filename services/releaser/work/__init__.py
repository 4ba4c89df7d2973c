"""What runs releases: finding apps with something to do, rolling out, taking back what failed."""
