"""Stand-ins for what a rule talks to: small classes that keep state, checked by state and not by calls."""
