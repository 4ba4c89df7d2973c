"""Calling the gateway, for the person who visits and with what that person signed in with."""
