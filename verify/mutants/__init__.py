"""Wrong claims made from right ones, and the table of which tier rejected which."""
