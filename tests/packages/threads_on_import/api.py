import threading

from steamship.invocable import PackageService, post

threading.Thread(target=threading.Event().wait, daemon=True).start()


class Threads(PackageService):
    @post("count")
    def count(self) -> int:
        return threading.active_count()
