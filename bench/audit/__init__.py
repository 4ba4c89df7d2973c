"""What the audit log costs: asking a long one beside a short one, and appending to it."""
