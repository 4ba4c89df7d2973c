"""How cost grows with what there is: the same calls on a large installation and on a small one."""
