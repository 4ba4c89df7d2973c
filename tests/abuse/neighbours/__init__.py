"""One tenant misbehaves, in a process of its own, while the calls of another are measured."""
