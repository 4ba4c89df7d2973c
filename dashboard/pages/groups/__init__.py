"""What shared groups alone have: the list of them, and which apps have one. Their variables are shown as an app is."""
