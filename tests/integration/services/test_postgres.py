"""The tests' own PostgreSQL."""

from __future__ import annotations

import sqlalchemy

from tests.services.postgres import PostgresCluster


def _ask(url: str, *statements: str) -> object:
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.begin() as connection:
            return [connection.execute(sqlalchemy.text(statement)) for statement in statements][-1].scalar()
    finally:
        engine.dispose()


def test_a_database_is_empty_and_reached_through_a_socket_only(postgres_url: str) -> None:
    """A test's database has no table, and its server listens on no TCP address."""
    assert _ask(postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    assert _ask(postgres_url, "SHOW listen_addresses") == ""


def test_a_copied_database_has_what_its_template_had(postgres_cluster: PostgresCluster) -> None:
    """A database made from a template starts with the template's rows and is separate from it."""
    template = postgres_cluster.create_database()
    _ask(postgres_cluster.url(template), "CREATE TABLE n (i int)", "INSERT INTO n VALUES (7) RETURNING i")
    copy = postgres_cluster.create_database(template)
    try:
        assert _ask(postgres_cluster.url(copy), "UPDATE n SET i = 8", "SELECT i FROM n") == 8
        assert _ask(postgres_cluster.url(template), "SELECT i FROM n") == 7
    finally:
        postgres_cluster.drop_database(copy)
        postgres_cluster.drop_database(template)


def test_the_server_runs_as_no_privileged_user(postgres_cluster: PostgresCluster) -> None:
    """Root's tests do not run the server as root: its data belongs to another user."""
    assert (postgres_cluster.folder / "data").stat().st_uid != 0


def test_a_copy_that_is_given_back_is_empty_for_the_next(
    postgres_cluster: PostgresCluster, postgres_template: str
) -> None:
    """What was written to it is gone, but for the row that the template has."""
    lent = postgres_cluster.lend_copy(postgres_template)
    url = postgres_cluster.url(lent)
    alice = "(id, handle, handle_key, is_admin, created_at, updated_at) VALUES ('u', 'alice', 'alice', false, 0, 0)"
    _ask(url, f"INSERT INTO users {alice} RETURNING 1", "UPDATE audit_chain SET last_seq = 7 RETURNING 1")
    postgres_cluster.give_back(postgres_template, lent)
    assert postgres_cluster.lend_copy(postgres_template) == lent
    assert _ask(url, "SELECT count(*) FROM users") == 0
    assert _ask(url, "SELECT last_seq FROM audit_chain") == 0
    postgres_cluster.give_back(postgres_template, lent)


def test_a_copy_that_was_built_differently_is_not_lent_again(
    postgres_cluster: PostgresCluster, postgres_template: str
) -> None:
    """Of tables, columns, keys, triggers and functions it has what the template has, or it is dropped."""
    lent = postgres_cluster.lend_copy(postgres_template)
    _ask(postgres_cluster.url(lent), "ALTER TABLE audit DISABLE TRIGGER ALL", "SELECT 1")
    postgres_cluster.give_back(postgres_template, lent)
    assert postgres_cluster.lend_copy(postgres_template) != lent
