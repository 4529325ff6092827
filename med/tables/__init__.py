"""Tables from and for spreadsheets: CSV and XLSX in, with errors a person can act on; both out."""

from med.tables.columns import (
    Column,
    Record,
    RowError,
    Wrong,
    choice,
    day,
    decimal,
    mail,
    take,
    text,
    whole_number,
    yes_no,
)
from med.tables.reading import read
from med.tables.table import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Row, Table, TableError
from med.tables.writing import write_csv, write_xlsx

__all__ = [
    "MAX_BYTES",
    "MAX_COLUMNS",
    "MAX_ROWS",
    "Column",
    "Record",
    "Row",
    "RowError",
    "Table",
    "TableError",
    "Wrong",
    "choice",
    "day",
    "decimal",
    "mail",
    "read",
    "take",
    "text",
    "whole_number",
    "write_csv",
    "write_xlsx",
    "yes_no",
]
