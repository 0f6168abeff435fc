"""The judge measured: how often it rejects true claims and misses wrong ones."""
