"""The greeting on FastAPI as the package has it: a plain method, which may block and so runs in a thread."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

app = FastAPI()


class Greeting(BaseModel):
    """The request's body."""

    name: str


@app.post("/greet", response_class=PlainTextResponse)
def greet(greeting: Greeting) -> str:
    """Greet by name."""
    return f"Hello, {greeting.name}!"
