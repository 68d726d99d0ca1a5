"""Pictures, sound and pages."""

import base64
import io
import struct
import wave

from steamship import MimeTypes
from steamship.invocable import InvocableResponse, PackageService, get, post
from steamship.invocable.invocable_response import Http

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def tone(samples: int = 8) -> io.BytesIO:
    """A short sound as a WAV file."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(struct.pack(f"<{samples}h", *range(samples)))
    return stream


class Studio(PackageService):
    """Makes things to look at and to listen to."""

    @post("picture")
    def picture(self) -> InvocableResponse:
        return InvocableResponse(_bytes=PIXEL, mime_type=MimeTypes.PNG)

    @get("sound")
    def sound(self) -> InvocableResponse:
        return InvocableResponse(_bytes=tone(), mime_type=MimeTypes.WAV)

    @post("stream")
    def stream(self) -> io.BytesIO:
        return io.BytesIO(PIXEL)

    @post("untyped")
    def untyped(self) -> InvocableResponse:
        return InvocableResponse(_bytes=PIXEL)

    @post("vector")
    def vector(self) -> InvocableResponse:
        return InvocableResponse(string="<svg/>", mime_type="image/svg+xml")

    @get("page")
    def page(self, name: str = "you") -> InvocableResponse[str]:
        return InvocableResponse(string=f"<p>Hello, {name}</p>", mime_type=MimeTypes.HTML)

    @post("notes")
    def notes(self) -> InvocableResponse[str]:
        return InvocableResponse(string="# Notes", mime_type=MimeTypes.MKD)

    @post("unicode")
    def unicode(self) -> str:
        return "naïve ☃"

    @post("big")
    def big(self, megabytes: int = 5) -> InvocableResponse:
        """More than what a plugin would have sent through storage."""
        return InvocableResponse(_bytes=b"\xff" * (megabytes * 1024 * 1024), mime_type="audio/mp3")

    @post("made")
    def made(self) -> InvocableResponse[dict]:
        """With a status and a header."""
        http = Http(status=201, headers={"X-Maker": "studio", "Set-Cookie": "a=b"})
        return InvocableResponse(json={"made": True}, http=http)
