"""Has modules named as the engine's own in a worker; each must be this package's."""

import arguments
import child
import frames
import loop
from steamship.invocable import PackageService, post


class Shadows(PackageService):
    @post("whose")
    def whose(self) -> list:
        return [module.OWNER for module in (arguments, child, frames, loop)]
