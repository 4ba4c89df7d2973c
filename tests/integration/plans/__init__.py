"""That every statement is answered by an index, whatever there is and whatever the planner knows of it."""
