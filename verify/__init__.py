"""The judge: claims as numbers, six tiers of evidence, verdicts with both error rates.

Public names are imported from the modules: `verify.verdict`, `verify.runner`, `verify.problem`.
"""
