"""The tests; folders mirror the packages, ``architecture`` reads the sources themselves."""
