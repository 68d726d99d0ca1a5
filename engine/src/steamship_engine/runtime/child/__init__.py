"""What runs beside an author's code: the standard library only, CPython 3.10 and newer.

The engine never imports this package; a worker executes its `__main__.py`.
"""
