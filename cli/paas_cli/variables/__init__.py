"""What is known of apps' variables: looked up by name, and two apps held against each other."""
