"""What a change does to an app, followed to the end of its release and told in words."""
