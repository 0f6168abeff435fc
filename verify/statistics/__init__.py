"""The statistical tests of the judge: finite-sample bounds, and what each can see and needs."""
