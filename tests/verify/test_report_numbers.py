from __future__ import annotations

from verify.report.numbers import MOST, number, tables


def test_labelled_values_come_first_and_nested_ones_have_the_names_that_lead_there() -> None:
    found = tables({"paths": 4000, "deep": {"a": {"half_width": 0.125, "list": [1, 2]}, "b": 2}})
    assert found[0].rows == (
        ("paths", "4000"),
        ("deep, a, half-width", "0.125"),
        ("deep, a, list", "1, 2"),
        ("deep, b", "2"),
    )


def test_mappings_of_one_shape_and_lists_of_mappings_are_tables() -> None:
    (table,) = tables({"digits": {"float64": {"drift": 11.0}, "50 digits": {"drift": 32.7}}})
    assert table.columns == ("", "drift")
    assert table.rows == (("float64", "11"), ("50 digits", "32.7"))
    (table,) = tables({"stated": [{"exponent": "λ1", "sizes": {"d": 1}}, {"exponent": "λ2"}]})
    assert table.columns == ("exponent", "sizes")
    assert table.rows == (("λ1", "d = 1"), ("λ2", ""))


def test_long_tables_say_what_they_leave_out() -> None:
    (table,) = tables({"points": [{"x": i} for i in range(MOST + 7)]})
    assert (len(table.rows), table.left_out) == (MOST, 7)


def test_what_is_empty_or_no_number_is_a_dash() -> None:
    (table,) = tables({"a": [], "b": {}, "c": None, "d": [[], {}]})
    assert [row[1] for row in table.rows] == ["–", "–", "–", "[[], {}]"]
    assert number(float("1e-300")) == "10⁻³⁰⁰"


def test_parts_of_one_shape_stand_in_one_table() -> None:
    part = {"difference": 0.1, "bias": 0.01}
    found = tables({"relevant": 1e-6, "drift": part, "covariation": part})
    assert found[0].rows == (("relevant", "10⁻⁶"),)
    assert found[1].columns == ("", "difference", "bias")
    assert [row[0] for row in found[1].rows] == ["drift", "covariation"]
