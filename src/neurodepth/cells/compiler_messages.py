"""What the NMODL translator and the C++ compiler say of mechanisms, as file, line of the NMODL file and remedy."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

GUIDE = "https://www.neuronsimulator.org/en/9.0.0/guide/porting_mechanisms_to_cpp.html"
COLOUR = re.compile("\x1b\\[[0-9;]*m")
COMPILER = re.compile(r"^(?:.*/)?(\w+)\.cpp:\d+:\d+: error: (.+)$")
TRANSLATOR = re.compile(r"^(.*) at line (\d+) in file (\w+)\.mod")
BEGINNING = re.compile(r"^\s*Error: ")  # of what the translator says, at most so many lines above the place
MOST_LINES = 4
NOISE = ("[warning]", "diff:", "NOTE: If you are encountering MOD file", "refer to the C++ migration guide")
SHOWN = re.compile(r"^\s*\d+ \| (.*)$")  # the line of C++ that a compiler shows
# A name, or a function with its type and arguments, between typographic or plain quotes.
QUOTED = re.compile("[\u2018'][^\u2019']*?(\\w+)(?:\\([^\u2019']*)?[\u2019']")
REMEDIES = (  # by what the compiler says; the first two are of files written for NEURON before version 9
    (r"new declaration|conflicting declaration", "NEURON 9 declares this function itself: delete the line"),
    (r"too many arguments to function .*scop_random", "NEURON 9's scop_random takes no argument: write scop_random()"),
    (r"invalid conversion from .void\*", "C++ converts no void pointer by itself: write the wanted type before it, (type *)"),
    (r"was not declared", "declare the name in the file (PARAMETER, ASSIGNED or LOCAL), or correct it"),
)  # fmt: skip


def complaints(output: str, sources: Sequence[Path]) -> list[str]:
    """Complaints about NMODL files, each once: the file, its line, what was found there and what to change.

    Where none is recognised, the lines around the first error.

    Args:
        output: Of nrnivmodl that has failed.
        sources: The NMODL files.
    """
    by_name = {path.stem: path for path in sources}
    lines = [line for line in COLOUR.sub("", output).splitlines() if not any(noise in line for noise in NOISE)]
    return list(dict.fromkeys(_complaints(lines, by_name))) or _first_error(lines)


def _first_error(lines: list[str]) -> list[str]:
    """Lines around the first one that speaks of an error, as CoreNEURON's translator has a form of its own."""
    number = next((number for number, line in enumerate(lines) if "error" in line.lower()), len(lines) - 6)
    return lines[max(0, number - 2) : number + 6]


def _complaints(lines: list[str], sources: dict[str, Path]) -> Iterator[str]:
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if (said := TRANSLATOR.match(line)) and said[3] in sources:
            yield f"{sources[said[3]]}, line {said[2]}: {_refused(lines[: number + 1], said[1], following)}"
        elif (said := COMPILER.match(line)) and said[1] in sources:
            shown = SHOWN.match(following)
            yield _explain(sources[said[1]], said[2], shown[1] if shown else "")


def _refused(lines: list[str], last: str, shown: str) -> str:
    """What the translator found on a line that it shows, and says in one line or several, the last of which names the place."""
    near = lines[-MOST_LINES:]
    first = next((back for back in reversed(range(len(near))) if BEGINNING.match(near[back])), len(near) - 1)
    said = " ".join(part.strip() for part in [*near[first:-1], last]).removeprefix("Error: ").strip()
    found = "the end of the file" if shown.strip() == "^" else repr(shown.strip())
    return f"found {found}: {said}; correct the line, or what is above it (a missing brace?)"


def _explain(source: Path, message: str, shown: str) -> str:
    """A compiler's complaint about a line of C++, told of the line of NMODL that it comes from."""
    remedy = next((remedy for pattern, remedy in REMEDIES if re.search(pattern, message)), f"see {GUIDE}")
    number, text = _origin(source, message, shown)
    where = f", line {number}: found {text!r}" if number else ""
    return f"{source}{where}: {message}: {remedy}"


def _origin(source: Path, message: str, shown: str) -> tuple[int, str]:
    """Number and text of the line that holds what the compiler shows, else a name that it quotes; 0 where none does."""
    lines = source.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if _bare(shown) and _bare(shown) in _bare(line):
            return number, line.strip()
    for name in QUOTED.findall(message):
        for number, line in enumerate(lines, start=1):
            if re.search(rf"\b{name}\b", line):
                return number, line.strip()
    return 0, ""


def _bare(line: str) -> str:
    """A line without blanks and semicolons, which the translator sets as it likes."""
    return re.sub(r"[\s;]", "", line)
