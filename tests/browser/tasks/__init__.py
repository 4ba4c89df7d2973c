"""Twenty tasks, each driven in a browser by a hand that counts whatever it does."""
