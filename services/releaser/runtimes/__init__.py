"""What runs programs: the protocol that releases know, and each runtime that keeps to it."""
