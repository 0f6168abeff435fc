"""Claims from outside: files, Python functions, one claim judged from Python."""
