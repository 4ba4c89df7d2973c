"""How one program is started and confined, and how nothing of it is left when it ends. Standard library only."""
