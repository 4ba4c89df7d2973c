"""Ends of values and their rotation: moving them, reminding of them, and listing what somebody has to see to."""
