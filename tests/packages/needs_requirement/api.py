import six
from steamship.invocable import PackageService, post


class NeedsRequirement(PackageService):
    @post("version")
    def version(self) -> str:
        return six.__version__
