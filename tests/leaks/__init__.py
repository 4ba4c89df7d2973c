"""What nobody may know is looked for in everything that an installation leaves behind, with its logs at their most."""
