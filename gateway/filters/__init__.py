"""What happens to a request on its way through the gateway (`chain`), first of all who is calling (`sign_in`)."""
