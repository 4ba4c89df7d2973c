"""What keys cost: sealing everything anew after a rotation, and sealing and opening one value."""
