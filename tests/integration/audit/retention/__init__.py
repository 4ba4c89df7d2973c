"""Events are kept by month, and dropped by month when their time is over."""
