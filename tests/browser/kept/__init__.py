"""What a browser keeps of a value that it was shown: nothing, in memory, on disk or in a manager of passwords."""
