"""What a database says about its own tables, in a form that two databases can be compared by."""

from sqlalchemy import MetaData, inspect, text


def structure(engine, tables):
    """Every fact about the tables that a model can state."""
    looker = inspect(engine)
    names = sorted(set(looker.get_table_names()) & set(tables))
    return {name: _table(looker, name, engine.dialect) for name in names}


def _table(looker, name, dialect):
    def constraints(found):
        return sorted(tuple(sorted((key, repr(value)) for key, value in item.items())) for item in found)

    return {
        "columns": {
            column["name"]: (
                column["type"].compile(dialect),
                column["nullable"],
                column["default"],
                column.get("autoincrement"),
                column.get("identity"),
            )
            for column in looker.get_columns(name)
        },
        "primary key": repr(looker.get_pk_constraint(name)),
        "foreign keys": constraints(looker.get_foreign_keys(name)),
        "uniques": constraints(looker.get_unique_constraints(name)),
        "indexes": constraints(looker.get_indexes(name)),
        "checks": sorted((check["name"], check["sqltext"]) for check in looker.get_check_constraints(name)),
    }


def tables_of(engine):
    return set(inspect(engine).get_table_names())


def rows_of(engine):
    """Every row of every table, by table."""
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{table.name}"'))))
            for table in found.sorted_tables
        }
