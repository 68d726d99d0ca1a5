"""Files: texts and pictures written by a package, read raw, public ones by address."""

from typing import List, Optional

from steamship import File, MimeTypes, SteamshipError
from steamship.invocable import PackageService, get, post

DOT = bytes.fromhex("89504e470d0a1a0a") + b"dot"


class Archive(PackageService):
    """Keeps documents."""

    @post("write")
    def write(self, text: str, name: Optional[str] = None) -> dict:
        file = File.create(self.client, content=text, mime_type=MimeTypes.MKD, handle=name)
        return {"handle": file.handle, "type": file.mime_type, "blocks": file.blocks}

    @post("draw")
    def draw(self, name: str, public: bool = False) -> dict:
        file = File.create(self.client, content=DOT, mime_type=MimeTypes.PNG, handle=name, public_data=public)
        return {"handle": file.handle, "type": file.mime_type, "public": file.public_data}

    @post("guess")
    def guess(self, text: str) -> str:
        """The type that a file has whose author said none."""
        file = File.create(self.client, content=text)
        return file.refresh().mime_type

    @get("read")
    def read(self, name: str) -> str:
        return File.get(self.client, handle=name).raw().decode("utf-8")

    @get("size")
    def size(self, name: str) -> int:
        return len(File.get(self.client, handle=name).raw())

    @get("address")
    def address(self, name: str) -> bool:
        """Whether the address of a file's bytes is the one that clients know."""
        file = File.get(self.client, handle=name)
        return file.raw_data_url == f"{self.client.config.api_base}file/{file.id}/raw"

    @post("names")
    def names(self) -> List[str]:
        files = File.list(self.client).files
        return sorted(file.handle for file in files if file.handle in ("report", "dot"))

    @post("shred")
    def shred(self, name: str) -> bool:
        File.get(self.client, handle=name).delete()
        try:
            File.get(self.client, handle=name)
        except SteamshipError:
            return True
        return False
