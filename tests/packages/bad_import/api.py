from steamship.invocable import PackageService

import a_module_that_is_not_there


class Bad(PackageService):
    pass
