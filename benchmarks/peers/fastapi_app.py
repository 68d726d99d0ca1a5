"""The greeting on FastAPI, the fast way: a coroutine, a typed body, a plain text response."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

app = FastAPI()


class Greeting(BaseModel):
    """The request's body."""

    name: str


@app.post("/greet", response_class=PlainTextResponse)
async def greet(greeting: Greeting) -> str:
    """Greet by name."""
    return f"Hello, {greeting.name}!"
