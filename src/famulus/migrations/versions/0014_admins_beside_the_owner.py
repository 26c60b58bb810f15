"""admins beside the owner."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0006"

_ROLES = "role IN ('owner', 'admin', 'member')"


def upgrade() -> None:
    """Apply this revision."""
    if op.get_bind().dialect.name == "sqlite":
        _make_anew()
    else:
        op.drop_constraint("ck_users_role", "users", type_="check")
        op.create_check_constraint("ck_users_role", "users", _ROLES)


def _make_anew() -> None:
    """SQLite cannot change what a column allows. What refers to people refers to them by the name of their table."""
    op.create_table(
        "users_with_admins",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("selected_model", sa.Text(), nullable=True),
        sa.Column("preferences", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_ROLES, name="ck_users_role"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.execute("INSERT INTO users_with_admins SELECT * FROM users")
    op.drop_table("users")
    op.rename_table("users_with_admins", "users")
    op.create_index("uq_users_owner", "users", ["role"], unique=True, sqlite_where=sa.text("role = 'owner'"))
    op.create_index("uq_users_email", "users", [sa.text("lower(email)")], unique=True)
