"""The rules of tokens: pure, each about one thing that can be asked for. Must not touch anything outside."""
