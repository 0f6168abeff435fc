"""What is wrong with a claim that disagrees: its wrong term, and a small counter-example."""
