"""What every runtime must do alike: one contract, and for each runtime the ground it is tested on."""
