"""Claims: statements that campaigns, the map or the record can bear out or not, each with what would bear it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from keyterrain.theatre.columns import Column
from keyterrain.theatre.outcomes import MEASURES

Pairs = tuple[tuple[str, str], ...]
Arguments = tuple[tuple[str, object], ...]
Combination = Literal["all_of", "any_of"]
RELIEF = "relief"
BoundWord = Literal["above", "below", "between", "not_between"]


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed in a campaign, written as on the command line: ground and its side, side and its policy, key and value."""

    hold: Pairs = ()
    policy: Pairs = ()
    set: Pairs = ()
    start_holder: Pairs = ()

    def with_more(self, other: Change) -> Change:
        """Return both changes together."""
        return Change(
            self.hold + other.hold, self.policy + other.policy, self.set + other.set, self.start_holder + other.start_holder
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """What an estimate must be: above or below a number, between two numbers (both included), or not between them."""

    word: BoundWord
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A measure that must reach, or not pass, a number in a replicate for it to count; 0 or 1 counts from one half."""

    measure: str
    arguments: Arguments
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read off each replicate.

    Attributes
    ----------
    outside
        Areas or places whose ground does not count.
    given
        What is changed throughout.
    contrast
        Two changes: what is read is the first variant's value less the second's, on common luck.
    among
        Only replicates in which this holds count.
    """

    measure: str
    arguments: Arguments
    outside: tuple[str, ...] = ()
    given: Change = field(default_factory=Change)
    contrast: tuple[Change, Change] | None = None
    among: Condition | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A reading, less another where there is one, and what its mean must be."""

    reading: Reading
    borne_out_if: Bound
    than: Reading | None = None


@dataclass(frozen=True, slots=True)
class Whichever:
    """The same comparison for each thing that a name may stand for: it has a verdict where all have the same."""

    of: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """What happened, in words, with its source."""

    says: str
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement with what would bear it out.

    Attributes
    ----------
    start
        First evening that suits it; None for the first of the scenario's, or that of the run that is asked.
    parts
        Comparisons, or groups of which all must agree; more than one are combined.
    cannot_tell
        Why this theatre cannot answer it; then it has no parts.
    only_bears_out
        Why its measures can bear it out and cannot refute it, where that is so.
    about
        `relief` where it is about mountains: what is assumed of them then has to be told apart in the answer. Else empty.
    """

    key: str
    says: str
    source: str
    grade: str
    start: date | None
    parts: tuple[Comparison | Whichever, ...]
    combination: Combination = "all_of"
    cannot_tell: str = ""
    only_bears_out: str = ""
    observed: Quoted | None = None
    note: str = ""
    about: str = ""


CLAIM_COLUMNS = (
    Column("says", "text", "the claim in one's own words"),
    Column("source", "source", "keys of sources.csv or `assumption: why`, separated by `;`"),
    Column("grade", "grade", "Admiralty code A1 to F6", default=""),
    Column("start", "date", "first evening that suits it; blank: the scenario's first, or the run's", default=""),
    Column("cannot_tell", "text", "why this theatre cannot answer it; then nothing is measured", default=""),
    Column("only_bears_out", "text", "why what is measured can bear it out but not refute it", default=""),
    Column(
        "about",
        "choice",
        "`relief` where it is about mountains: it is then also answered over the joint range of what is assumed of them",
        default="",
        choices=(RELIEF,),
    ),
    Column("note", "text", "what a reader of the answer should know", default=""),
    Column(
        "observed", "nested", "what happened, where the record cannot be computed with: `says`, `source`, `grade`", default=""
    ),
    Column(
        "all_of",
        "nested",
        "list of comparisons each of which must be borne out; `whichever` with a list of its own stands for what may be any of "
        "several things, and has a verdict where all of them have the same",
        default="",
    ),
    Column("any_of", "nested", "list as above, one of which must be borne out", default=""),
)
COMPARISON_COLUMNS = (
    Column("measure", "choice", "registered measure; its arguments are further keys", choices=tuple(MEASURES)),
    Column("outside", "keys", "ground that does not count, for measures of ground", default="", refers_to=("area", "place")),
    Column("given", "nested", "what is changed throughout", default=""),
    Column(
        "contrast", "nested", "`first` and `second`, two changes: the first's value less the second's, on common luck", default=""
    ),
    Column("among", "nested", "a measure with its arguments: only replicates in which it is 1 count", default=""),
    Column("than", "nested", "another reading that is taken off; what it leaves out is as in this one", default=""),
    Column("borne_out_if", "nested", "what the mean must be"),
)
CHANGE_COLUMNS = (
    Column("hold", "nested", "mapping of ground (area or place) to the side that holds it throughout", default=""),
    Column(
        "start_holder", "nested", "mapping of ground (area or place) to the side that holds it on the first evening", default=""
    ),
    Column(
        "policy", "nested", "mapping of sides to policies; `NAME,spring` waits out the winter, `NAME,now` does not", default=""
    ),
    Column("set", "nested", "mapping of parameters to quantities, or of `processes.NAME` to `off`", default=""),
)
CONDITION_COLUMNS = (
    Column("measure", "choice", "registered measure of campaigns; its arguments are further keys", choices=tuple(MEASURES)),
    Column("at_least", "number", "what it must reach; blank, as `at_most` is: one half", default=""),
    Column("at_most", "number", "what it must not pass", default=""),
)
BOUND_COLUMNS = (
    Column("above", "number", "the mean is above it", default=""),
    Column("below", "number", "the mean is below it", default=""),
    Column("between", "nested", "two numbers: the mean is one of them or between them", default=""),
    Column("not_between", "nested", "two numbers: the mean is below the first or above the second", default=""),
)
QUOTED_COLUMNS = (
    Column("says", "text", "what happened"),
    Column("source", "source", "keys of sources.csv or `assumption: why`, separated by `;`"),
    Column("grade", "grade", "Admiralty code A1 to F6", default=""),
)
