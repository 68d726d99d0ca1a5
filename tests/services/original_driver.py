"""Runs inside the original client's interpreter: executes code sent to it, and tells what came of it.

One JSON object a line: in, `{"code"}`, whose variable `result` is the answer; out, `{"result"}` or
`{"error": {"type", "message", "code", "suggestion", "text"}}`. Variables stay from one to the next.
"""

import json
import sys


def _plain(value):
    """A JSON value of what the client returns: models as objects, bytes as their hex."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if hasattr(value, "dict"):
        return value.dict(by_alias=True)
    return str(value)


def main():
    """Answer until the input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what the client prints must not mix with the answers
    names = {}
    for line in sys.stdin:
        names.pop("result", None)
        try:
            exec(compile(json.loads(line)["code"], "<driven>", "exec"), names)
            answer = {"result": names.get("result")}
        except Exception as error:
            answer = {
                "error": {
                    "type": type(error).__name__,
                    "message": getattr(error, "message", None),
                    "code": getattr(error, "code", None),
                    "suggestion": getattr(error, "suggestion", None),
                    "text": str(error),
                }
            }
        answers.write(json.dumps(answer, default=_plain) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
