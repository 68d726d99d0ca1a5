"""Has an instance_init and a config with a secret."""

from pydantic import SecretStr

from steamship.invocable import Config, PackageService, post


class KeepsSecret(PackageService):
    class KeeperConfig(Config):
        word: SecretStr

    config: KeeperConfig

    @classmethod
    def config_cls(cls):
        return cls.KeeperConfig

    def instance_init(self):
        self.ready = True

    @post("length")
    def length(self) -> int:
        return len(self.config.word.get_secret_value())
