"""How a person wants to be helped, as their assistants are told: below what the assistant itself is, in every run."""

from famulus.features.accounts.schemas import Preferences
from famulus.features.accounts.users import wishes_of
from famulus.infra.database import Session

_STYLES = {
    "brief": "Answer briefly: what was asked for, and no more.",
    "thorough": "Answer thoroughly: give reasons, examples and what else is worth knowing.",
    "friendly": "Answer in a warm and easy tone.",
    "formal": "Answer formally and politely.",
}


async def with_wishes(session: Session, user_id: str, instructions: str) -> str:
    """The instructions of an assistant, and what its person wishes; as they are for somebody who wishes nothing."""
    name, wishes = await wishes_of(session, user_id)
    if wishes == Preferences():
        return instructions
    return "\n\n".join(part for part in (instructions, _in_words(name, wishes)) if part)


def _in_words(name: str, wishes: Preferences) -> str:
    lines = [f"You help {name}, who wishes to be answered like this:"]
    if style := _STYLES.get(wishes.response_style):
        lines.append(style)
    if wishes.profession:
        lines.append(f"What {name} does: {wishes.profession}. Let answers fit that where it matters.")
    if wishes.custom_instructions:
        lines.append(f"In {name}'s own words:\n{wishes.custom_instructions}")
    return "\n".join(lines)
