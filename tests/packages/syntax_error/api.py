from steamship.invocable import PackageService


class Broken(PackageService):
    def greet(self):
        return (
