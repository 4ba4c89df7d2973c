"""An app's variables: the table of them, what somebody wants to change, and saving that."""
