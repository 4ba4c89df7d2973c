"""The pages: each reads what it shows, as the person who looks, and says it in HTML."""
