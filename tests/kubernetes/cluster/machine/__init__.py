"""What a cluster needs of the machine it is on, makes there, and how its processes look from there."""
