"""requirements.txt: names, extras, specifiers and markers; nothing that reaches a file or an address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from steamship_engine.model.errors import InvalidRequirementsError
from steamship_engine.model.limits import BUNDLE, BundleLimits

SDK = "steamship"
_COMMENT = re.compile(r"(^|\s)#.*$")
_LONGEST = 1_000
_SHOWN = 200
_FIRST_NATIVE = Version("3.0.0")


@dataclass(frozen=True)
class Requirements:
    """What a bundle asks for. `lines` are normalised, sorted and without the SDK; `sdk` are its own lines."""

    lines: tuple[str, ...]
    sdk: tuple[Requirement, ...]

    @property
    def original_lines(self) -> tuple[str, ...]:
        """`lines` with those about the SDK, which is kept below version 3."""
        sdk = {_normalised(line) for line in self.sdk}
        if self.sdk and self.admits_native:
            sdk.add(f"{SDK}<{_FIRST_NATIVE.major}")
        return tuple(sorted({*self.lines, *sdk}))

    @property
    def admits_native(self) -> bool:
        """True unless a line about the SDK admits versions below 3 only."""
        return all(_admits_native(line.specifier) for line in self.sdk)

    def admits_sdk(self, version: str) -> bool:
        """True when every line about the SDK admits this version of it."""
        return all(line.specifier.contains(version, prereleases=True) for line in self.sdk)


def parse(text: str, limits: BundleLimits = BUNDLE) -> Requirements:
    """Read the text of a requirements.txt. Raises InvalidRequirementsError that names the line."""
    lines: set[str] = set()
    sdk: list[Requirement] = []
    for number, line in _logical_lines(text):
        requirement = _parse_line(number, line)
        if canonicalize_name(requirement.name) == SDK:
            if _applies(number, line, requirement):
                sdk.append(requirement)
        else:
            lines.add(_normalised(requirement))
        if len(lines) + len(sdk) > limits.requirements:
            raise InvalidRequirementsError(
                f'requirements.txt names more than "{limits.requirements}" distributions, at line {number}.',
                suggestion="Name only what the package imports itself.",
            )
    return Requirements(tuple(sorted(lines)), tuple(sdk))


def _logical_lines(text: str) -> Iterable[tuple[int, str]]:
    """Each line with its number, continued lines joined, without comments and empty ones."""
    joined, first = "", 0
    physical = text.removeprefix("\ufeff").splitlines()
    for number, line in enumerate(physical, 1):
        first = first or number
        if line.endswith("\\") and number < len(physical):
            joined += line[:-1]
            continue
        whole = _COMMENT.sub("", joined + line).strip()
        if whole:
            yield first, whole
        joined, first = "", 0


def _applies(number: int, line: str, requirement: Requirement) -> bool:
    """Whether the requirement's marker is true here, if it has one."""
    try:
        return requirement.marker is None or requirement.marker.evaluate()
    except (UndefinedComparison, UndefinedEnvironmentName) as error:
        raise _refused(number, line[:_SHOWN], "has a marker that has no truth value") from error


def _parse_line(number: int, line: str) -> Requirement:
    shown = _without_credentials(line)[:_SHOWN]
    if len(line) > _LONGEST:
        raise _refused(number, shown, f"has more than {_LONGEST} characters")
    if line.startswith("-") or re.search(r"\s--?[a-z]", line):
        raise _refused(number, shown, "is an option")
    if re.match(r"[a-z0-9+.-]+://", line, re.IGNORECASE) or line.startswith(("git+", "file:")):
        raise _refused(number, shown, "is an address")
    if line.startswith((".", "/", "~", "\\")) or line.endswith((".whl", ".zip", ".tar.gz")):
        raise _refused(number, shown, "is a path")
    try:
        requirement = Requirement(line)
        for name in (requirement.name, *requirement.extras):
            canonicalize_name(name, validate=True)
    except RecursionError as error:
        raise _refused(number, shown, "is nested too deeply") from error
    except (InvalidRequirement, InvalidName) as error:
        reason = str(error).splitlines()[0]
        raise _refused(number, shown, f"is no requirement ({_without_credentials(reason)})") from error
    if requirement.url is not None:
        raise _refused(number, shown, "is an address")
    return requirement


def _refused(number: int, line: str, reason: str) -> InvalidRequirementsError:
    return InvalidRequirementsError(
        f'requirements.txt line {number}: "{line}" {reason}; '
        "only names with extras, versions and markers are allowed.",
        suggestion=f"Change or remove line {number} of requirements.txt.",
    )


def _normalised(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(map(canonicalize_name, requirement.extras)))}]" if requirement.extras else ""
    specifier = ",".join(sorted(map(str, requirement.specifier)))
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{canonicalize_name(requirement.name)}{extras}{specifier}{marker}"


def _admits_native(specifier: SpecifierSet) -> bool:
    """Whether some version from 3 on is admitted: tried with 3, a far one, and the neighbours of every bound."""
    candidates = {_FIRST_NATIVE, Version("999999")}
    for clause in specifier:
        try:
            bound = Version(clause.version.removesuffix(".*"))
        except InvalidVersion:
            continue
        *start, last = bound.release
        for release in ((*start, last + 1), (*start, last, 0, 1)):
            candidates.add(Version(".".join(map(str, release))))
        candidates.add(bound)
    return any(
        candidate.release >= _FIRST_NATIVE.release[:1] and specifier.contains(candidate, prereleases=True)
        for candidate in candidates
    )


def _without_credentials(text: str) -> str:
    return re.sub(r"(://)[^/@\s]*@", r"\1***@", text)
