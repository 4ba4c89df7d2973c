"""Commands about the draft of an app."""
