"""Files of events as people have them: every version of their columns, and every way in which they arrive broken."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from keyterrain.theatre.events import EventFaults, EventFilter, EventTable, read_events
from keyterrain.theatre.events.dates import read_dates
from keyterrain.theatre.events.filters import BadFilter
from keyterrain.theatre.events.recorded import events_of_region, without_estimates
from keyterrain.theatre.events.table import day_of
from keyterrain.theatre.library import load

ACLED_OLD = (
    "data_id,iso,event_id_cnty,event_id_no_cnty,event_date,year,time_precision,event_type,sub_event_type,actor1,assoc_actor_1,"
    "inter1,actor2,assoc_actor_2,inter2,interaction,region,country,admin1,admin2,admin3,location,latitude,longitude,"
    "geo_precision,source,source_scale,notes,fatalities,timestamp,iso3\n"
    "1,760,SYR1,1,19 November 2013,2013,{precision},Battles,Armed clash,Army,,1,Rebels,,2,12,Middle East,Syria,Rural Damascus,,,"
    'Qara,34.15,36.74,1,SOHR,Local,"Town taken, {note}",12,1,SYR\n'
)
ACLED_NEW = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,actor2,"
    "assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,country,admin1,admin2,admin3,location,latitude,longitude,"
    "geo_precision,source,source_scale,notes,fatalities,tags,timestamp\n"
    "SYR1,2013-11-19,2013,1,Political violence,Battles,Armed clash,Army,,State forces,Rebels,,Rebel group,x,,760,Middle East,"
    "Syria,R,,,Qara,34.15,36.74,1,SOHR,Local,Town taken,12,,1\n"
)
GED = {
    "v17": (
        "id,relid,year,type_of_violence,conflict_name,side_a,side_b,source_article,where_prec,where_coordinates,latitude,longitude,"
        "country,date_prec,date_start,date_end,best_est,high_est,low_est\n"
        "7,SYR-7,2013,1,Syria: Government,Government,Rebels,AFP,1,Qara,34.15,36.74,Syria,2,2013-11-18,2013-11-20,12,20,10\n"
    ),
    "v25": (
        "id,relid,year,type_of_violence,conflict_name,side_a,side_b,source_article,source_office,source_headline,where_prec,"
        "where_coordinates,latitude,longitude,country,date_prec,date_start,date_end,best,high,low\n"
        "7,SYR-7,2013,1,Syria: Government,Government,Rebels,AFP,AFP,x,1,Qara,34.15,36.74,Syria,2,2013-11-18 00:00:00.000,"
        "2013-11-20 00:00:00.000,12,20,10\n"
    ),
}
GTD = (
    "eventid,iyear,imonth,iday,country_txt,city,latitude,longitude,specificity,summary,attacktype1_txt,targtype1_txt,gname,nkill\n"
    "201311190001,2013,11,19,Lebanon,Beirut,33.87,35.50,1,Embassy,Bombing/Explosion,Diplomatic,Azzam,25\n"
    "201311000001,2013,11,0,Lebanon,Tripoli,34.43,35.84,1,Month known,Bombing/Explosion,Private,Unknown,\n"
    "201300000001,2013,0,0,Lebanon,Tripoli,34.43,35.84,1,Year known,Bombing/Explosion,Private,Unknown,\n"
)
PLAIN = (
    "date,country,place,kind,description\n2013-11-19,Syria,Qara,battle,Town falls\n2013-11-20,Lebanon,Beirut,bombing,Embassy\n"
)


def written(folder: Path, text: str, name: str = "events.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(folder: Path, text: str, **options: bool) -> EventTable:
    return read_events([written(folder, text)], **options)


def faults_of(folder: Path, text: str) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(EventFaults) as error:
        read(folder, text)
    return [(fault.row, fault.field, fault.what) for fault in error.value.faults]


@pytest.mark.parametrize("text", [ACLED_OLD.format(precision=1, note="x"), ACLED_NEW], ids=["old", "new"])
def test_acled_reads_alike_before_and_after_its_columns_changed(tmp_path: Path, text: str) -> None:
    event = read(tmp_path, text).frame.iloc[0]
    assert str(day_of(event["day"])) == "2013-11-19"
    assert (event["country"], event["kind"], event["place"], event["weight"]) == ("Syria", "Battles", "Qara", 12)
    assert (event["actor_kind"], event["other_actor_kind"]) == ("State forces", "Rebel group")


@pytest.mark.parametrize(("precision", "spread"), [(1, 0), (2, 6), (3, 30)])
def test_how_well_acled_knows_a_day_is_kept(tmp_path: Path, precision: int, spread: int) -> None:
    event = read(tmp_path, ACLED_OLD.format(precision=precision, note="x")).frame.iloc[0]
    assert event["last_day"] - event["first_day"] == spread


@pytest.mark.parametrize("version", GED)
def test_ged_keeps_low_best_high_and_the_span_of_days(tmp_path: Path, version: str) -> None:
    event = read(tmp_path, GED[version]).frame.iloc[0]
    assert [event[name] for name in ("low", "weight", "high")] == [10, 12, 20]
    assert [str(day_of(event[name])) for name in ("first_day", "day", "last_day")] == ["2013-11-18", "2013-11-19", "2013-11-20"]
    assert (event["kind"], event["place_precision"]) == ("state-based", 1)


def test_gtd_days_and_months_that_are_not_known_are_spans(tmp_path: Path) -> None:
    frame = read(tmp_path, GTD).frame.set_index("id")
    spans = {key: str(day_of(row["first_day"])) + " " + str(day_of(row["last_day"])) for key, row in frame.iterrows()}
    assert spans == {
        "201311190001": "2013-11-19 2013-11-19",
        "201311000001": "2013-11-01 2013-11-30",
        "201300000001": "2013-01-01 2013-12-31",
    }


def test_columns_may_stand_in_any_order_and_case(tmp_path: Path) -> None:
    rows = [line.split(",") for line in GTD.strip().split("\n")]
    turned = "\n".join(",".join(reversed(row)) for row in rows)
    header, _, rest = turned.partition("\n")
    assert read(tmp_path, f"{header.upper()}\n{rest}\n").frame["country"].tolist() == ["Lebanon"] * 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_do_not_matter(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, PLAIN.replace("Embassy", "Attaché"), encoding=encoding)
    table = read_events([path])
    assert table.frame["description"].tolist() == ["Town falls", "Attaché"]
    assert bool(table.warnings) == (encoding == "cp1252")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separators_and_line_ends_do_not_matter(tmp_path: Path, separator: str) -> None:
    assert read(tmp_path, PLAIN.replace(",", separator).replace("\n", "\r\n")).frame["place"].tolist() == ["Qara", "Beirut"]


def test_quoted_newlines_are_text_and_rows_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    text = PLAIN.replace("Town falls", '"Town\nfalls, ""at last"""') + "2013-13-01,Syria,Nabk,battle,x\n"
    assert faults_of(tmp_path, text) == [(5, "date", "is no date: '2013-13-01'")]
    table = read(tmp_path, text, leave_out_faulty=True)
    assert table.frame["description"].tolist() == ['Town\nfalls, "at last"', "Embassy"]
    assert table.frame["row"].tolist() == [2, 4]
    assert len(table.left_out) == 1


def test_every_faulty_row_is_named_with_its_field(tmp_path: Path) -> None:
    text = (
        "date,kind,lat,lon,weight\n2013-11-19,a,34,36,1\n,a,34,36,1\nsoon,a,34,36,1\n2013-11-19,a,94,36,1\n2013-11-19,a,34,x,1\n"
        "2013-11-19,a,34,36,-1\n3013-11-19,a,34,36,1\n"
    )
    assert [(row, field) for row, field, _ in faults_of(tmp_path, text)] == [
        (3, "date"), (4, "date"), (5, "lat"), (6, "lon"), (7, "weight"), (8, "date"),
    ]  # fmt: skip
    assert read(tmp_path, text, leave_out_faulty=True).n == 1


def test_low_best_and_high_must_be_in_order(tmp_path: Path) -> None:
    text = GED["v17"].replace("12,20,10", "12,20,13")
    assert "not in order" in faults_of(tmp_path, text)[0][2]


def test_a_file_cut_short_within_a_quotation_is_said_and_the_rest_read(tmp_path: Path) -> None:
    text = PLAIN + '2013-11-22,Syria,Nabk,battle,"cut off he'
    assert [(row, "cut short" in what) for row, _, what in faults_of(tmp_path, text)] == [(4, True)]
    assert read(tmp_path, text, leave_out_faulty=True).n == 2


def test_a_row_of_another_length_is_a_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path, PLAIN + "2013-11-22,Syria\n") == [(4, None, "2 cells where the header names 5 columns")]


def test_coordinates_of_nowhere_are_unknown_with_a_warning(tmp_path: Path) -> None:
    table = read(tmp_path, "date,kind,lat,lon\n2013-11-19,a,0,0\n2013-11-20,a,34,\n2013-11-21,a,34,36\n")
    assert table.frame["lat"].isna().tolist() == [True, True, False]
    assert [warning.row for warning in table.warnings] == [2, 3]


def test_an_event_that_is_named_twice_counts_once_and_is_said(tmp_path: Path) -> None:
    table = read(tmp_path, ACLED_NEW + ACLED_NEW.partition("\n")[2])
    assert table.n == 1
    assert [(warning.row, "counted once" in warning.what) for warning in table.warnings] == [(3, True)]


def test_rows_alike_without_a_name_are_kept_and_said(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN + PLAIN.partition("\n")[2])
    assert table.n == 4
    assert len(table.warnings) == 2


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2013-11-19", "2013-11-19"), ("2013-11-19 00:00:00.000", "2013-11-19"), ("2013-11-19T12:00:00Z", "2013-11-19"),
        ("19 November 2013", "2013-11-19"), ("19-Nov-13", "2013-11-19"), ("Nov 19, 2013", "2013-11-19"),
        ("20131119", "2013-11-19"),
        ("19/11/2013", "2013-11-19"), ("11/19/2013", "2013-11-19"), ("19.11.2013", "2013-11-19"), ("2013/11/19", "2013-11-19"),
    ],
)  # fmt: skip
def test_dates_are_read_as_they_are_written(text: str, date: str) -> None:
    assert str(read_dates([text]).dates[text]) == date


@pytest.mark.parametrize("text", ["", "19", "2013", "31/02/2013", "2013-02-30", "yesterday", "1/13/13/13", "99 Foo 2013"])
def test_what_is_no_date_is_not_made_one(text: str) -> None:
    assert read_dates([text]).dates == {}


def test_one_date_that_can_only_be_american_decides_for_its_column() -> None:
    read = read_dates(["03/04/2013", "11/19/2013"])
    assert str(read.dates["03/04/2013"]) == "2013-03-04"
    both = read_dates(["03/04/2013", "11/19/2013", "19/11/2013"])
    assert "03/04/2013" not in both.dates
    assert both.order_contradicts


def test_columns_that_are_missing_are_named_with_the_nearest(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, ACLED_NEW.replace("latitude", "latitud"))
    assert faults == [(1, "latitude", "the column is missing (ACLED)")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04rest", b"a,b\n1,2\n", b"date\0,kind\n"])
def test_what_is_no_file_of_events_is_one_fault(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    with pytest.raises(EventFaults) as error:
        read_events([path])
    assert len(error.value.faults) == 1


def test_a_header_alone_holds_no_events(tmp_path: Path) -> None:
    assert read(tmp_path, PLAIN.partition("\n")[0] + "\n").n == 0


def test_filters_pick_what_they_say(tmp_path: Path) -> None:
    table = read(tmp_path, ACLED_NEW + ACLED_NEW.partition("\n")[2].replace("SYR1", "SYR2").replace("Syria", "Iraq"))
    for text, n in {
        "country=Syria": 1, "country=syria|Iraq": 2, "country!=Syria": 1, "notes~x": None, "weight>=12,kind=Battles": 2,
        "deaths<=12": 2,
        "date>=2013-11-19,date<=2013-11-19": 2, "party=rebels": 2, "place~qar": 2, "file=events.csv": 2,
    }.items():  # fmt: skip
        if n is None:
            with pytest.raises(BadFilter, match="no field"):
                EventFilter.parse(text)
        else:
            assert EventFilter.parse(text).holds(table).sum() == n


def test_a_filter_that_nothing_passes_names_the_nearest(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN)
    with pytest.raises(BadFilter, match="did you mean Syria"):
        EventFilter.parse("country=Siria").holds(table)
    with pytest.raises(BadFilter, match="did you mean country"):
        EventFilter.parse("contry=Syria")
    for text in ("country>=3", "weight~3", "weight>=many", "date>=soon", "country"):
        with pytest.raises(BadFilter):
            EventFilter.parse(text)


def test_the_flagships_events_can_leave_out_what_is_written_from_memory() -> None:
    table = events_of_region(load("qalamoun-2013"))
    checked = without_estimates(table)
    assert (table.n, checked.n) == (160, 88)
    november = {
        (str(day_of(row.day)), row.country)
        for row in checked.frame.itertuples()
        if "2013-11-19" <= str(day_of(row.day)) <= "2013-11-20"
    }
    assert {("2013-11-19", "Syria"), ("2013-11-19", "Lebanon"), ("2013-11-20", "Saudi Arabia")} <= november


def test_long_cells_of_events_leave_the_length_of_cells_elsewhere_as_it_was(tmp_path: Path) -> None:
    usual = csv.field_size_limit()
    path = written(tmp_path, f"date,place,kind\n2013-11-19,qara,{'x' * 2 * usual}\n2013-11-20,qara,raid\n2013-11-20,qara\n")
    with pytest.raises(EventFaults):
        read_events([path])
    assert csv.field_size_limit() == usual
