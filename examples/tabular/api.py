"""Reads a table and tells what is in it, in numbers and as a picture."""

from chart import histogram
from table import Table, TableError

from steamship import MimeTypes, SteamshipError
from steamship.invocable import Config, InvocableResponse, PackageService, post


class TabularConfig(Config):
    """How this instance draws."""

    colour: str = "#3b6ea5"


class Tabular(PackageService):
    """Summaries and charts of CSV tables."""

    config: TabularConfig

    @classmethod
    def config_cls(cls) -> type[Config]:
        """What an instance may be configured with."""
        return TabularConfig

    @post("summary")
    def summary(self, csv: str) -> dict:
        """Rows and columns; of each column its kind, its gaps, and its spread or its commonest values."""
        return _read(csv).summary()

    @post("chart")
    def chart(self, csv: str, column: str, by: str | None = None) -> InvocableResponse:
        """A histogram of one numeric column as a PNG, one colour for each value of the column `by`."""
        try:
            groups = _read(csv).numbers(column, by)
        except TableError as error:
            raise SteamshipError(str(error), suggestion="POST summary tells what the columns are.") from error
        picture = histogram(groups, column, self.config.colour)
        return InvocableResponse(_bytes=picture, mime_type=MimeTypes.PNG)


def _read(csv: str) -> Table:
    try:
        return Table.parse(csv)
    except TableError as error:
        raise SteamshipError(str(error), suggestion="Send a CSV with a header line.") from error
