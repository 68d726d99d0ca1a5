"""The greeting as a function of functions-framework."""

import functions_framework
from flask import Request


@functions_framework.http
def greet(request: Request) -> str:
    """Greet by name."""
    return f"Hello, {request.get_json()['name']}!"
