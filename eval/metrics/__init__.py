"""One metric a file, its formula and its source in the docstring; a metric knows no index, answer or question set.

Search is scored on a list of found things, best first, each given as the numbers of the gold quotes (or gold articles)
that it holds; an empty one is of no use.
"""
