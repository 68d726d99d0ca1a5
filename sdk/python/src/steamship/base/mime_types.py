"""The MIME types that files and blocks may have in the JSON of the wire; the set is closed there."""

from __future__ import annotations

from enum import StrEnum


class MimeTypes(StrEnum):
    """A MIME type by name. `PPT` carries the misspelling that the wire has."""

    UNKNOWN = "unknown"
    TXT = "text/plain"
    JSON = "application/json"
    MKD = "text/markdown"
    EPUB = "application/epub+zip"
    PDF = "application/pdf"
    JPG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"
    GIF = "image/gif"
    HTML = "text/html"
    DOC = "application/msword"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PPT = "applicatino/ms-powerpoint"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    RTF = "application/rtf"
    BINARY = "application/octet-stream"
    STEAMSHIP_BLOCK_JSON = "application/vnd.steamship-block.json.v1"
    WAV = "audio/wav"
    MP3 = "audio/mp3"
    OGG_AUDIO = "audio/ogg"
    OGG_VIDEO = "video/ogg"
    MP4_VIDEO = "video/mp4"
    MP4_AUDIO = "audio/mp4"
    WEBM_VIDEO = "video/webm"
    WEBM_AUDIO = "audio/webm"
    FILE_JSON = "fileJson"
    STEAMSHIP_PLUGIN_CAPABILITIES_REQUEST = "application/vnd.steamship-block.plugin-capabilities-request+json"
    STEAMSHIP_PLUGIN_CAPABILITIES_RESPONSE = (
        "application/vnd.steamship-block.plugin-capabilities-response+json"
    )
    STEAMSHIP_PLUGIN_FUNCTION_CALL_INVOCATION = (
        "application/vnd.steamship-block.function-calling-support-invocation+json"
    )
    STEAMSHIP_PLUGIN_FUNCTION_CALL_RESULT = (
        "application/vnd.steamship-block.function-calling-support-result+json"
    )

    @classmethod
    def has_value(cls, value: str) -> bool:
        """Whether `value` is one of them."""
        return value in cls._value2member_map_

    @classmethod
    def is_binary(cls, value: str) -> bool:
        """Whether content of the type `value` is bytes rather than text; False for a foreign type."""
        return value in _BINARY


_BINARY = frozenset(
    {
        MimeTypes.UNKNOWN,
        MimeTypes.PDF,
        MimeTypes.JPG,
        MimeTypes.PNG,
        MimeTypes.TIFF,
        MimeTypes.GIF,
        MimeTypes.EPUB,
        MimeTypes.DOC,
        MimeTypes.DOCX,
        MimeTypes.PPT,
        MimeTypes.PPTX,
        MimeTypes.BINARY,
        MimeTypes.WAV,
        MimeTypes.MP3,
        MimeTypes.OGG_AUDIO,
        MimeTypes.OGG_VIDEO,
        MimeTypes.MP4_VIDEO,
        MimeTypes.MP4_AUDIO,
        MimeTypes.WEBM_VIDEO,
        MimeTypes.WEBM_AUDIO,
    }
)


class ContentEncodings:
    """How bytes are written where only text fits."""

    BASE64 = "base64"
