"""Programs on the caller's machine, run with an app's variables. Nothing of these is written anywhere."""
