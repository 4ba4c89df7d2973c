"""What is typed is what happens: values read, files named, options left empty, commands misspelt, streams closed."""
