"""CI trusts as pages ask for them: what each CI system calls its jobs, and what a form says of them."""
