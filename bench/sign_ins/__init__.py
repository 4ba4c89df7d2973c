"""What telling who is calling costs: at the edge and in each service."""
