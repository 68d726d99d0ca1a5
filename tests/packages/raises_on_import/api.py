from steamship.invocable import PackageService


def work():
    raise ValueError("the table is empty")


work()
