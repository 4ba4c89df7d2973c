"""What people type, taken apart and checked before anything is sent."""
