"""Pages as somebody hears them: what a screen reader is given, and what it is told of by itself."""
