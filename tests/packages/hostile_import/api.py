import json
import os
import struct

from steamship.invocable import PackageService, post

for header in ({"type": "loaded", "slots": 1}, {"type": "reply", "id": 1, "status": 200, "headers": [], "more": False, "error": None}):
    packed = json.dumps(header).encode()
    os.write(3, struct.pack(">II", len(packed), 0) + packed)


class HostileImport(PackageService):
    @post("greet")
    def greet(self) -> str:
        return "hello"
