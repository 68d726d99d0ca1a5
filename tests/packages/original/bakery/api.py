"""A package with mixins, over a class of its own."""

from shelves import BellMixin, ShelfMixin

from steamship.invocable import PackageService, post


class Bakery(PackageService):
    """Bakes."""

    USED_MIXIN_CLASSES = [ShelfMixin]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.add_mixin(ShelfMixin(self.client))
        self.add_mixin(BellMixin(), permit_overwrite_of_existing_methods=True)
        self.baked = None

    @post("bake")
    def bake(self, what: str) -> str:
        """Bake something and put it on the shelf."""
        shelf = self.mixins[0]
        shelf.put(what, 2)
        self.baked = what
        return f"{what}: {shelf.store.get(what)['count']}"

    @post("closing")
    def closing(self) -> str:
        """Replaced by the bell's."""
        return "at six"

    @post("baked_last")
    def baked_last(self) -> str:
        """What an attribute holds that another call has set."""
        return str(self.baked)

    @post("routes")
    def routes(self) -> list:
        """What the class says of itself."""
        spec = self.__steamship_dir__()
        return sorted({method["path"] for method in spec["methods"]})
