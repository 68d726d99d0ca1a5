from steamship.invocable import PackageService


class First(PackageService):
    pass


class Second(PackageService):
    pass
