"""House rules that a machine checks: what may import what, what a file may hold, what a contract looks like."""
