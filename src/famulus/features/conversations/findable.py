"""What of conversations can be found: their titles, and what was said in them."""

from famulus.features.conversations.tables import conversations, messages
from famulus.infra.findable import Findable

_conversation, _message = conversations.c, messages.c

FINDABLE = (
    Findable(
        "message",
        messages,
        watched=("text", "superseded_by"),
        at=_message.created_at,
        text=_message.text,
        name=_conversation.title,
        conversation_id=_message.conversation_id,
        joined=messages.join(conversations, _conversation.id == _message.conversation_id),
        where=(_message.superseded_by.is_(None), _message.text != ""),
    ),
    Findable(
        "conversation",
        conversations,
        watched=("title", "title_source"),
        at=_conversation.created_at,
        title=_conversation.title,
        conversation_id=_conversation.id,
        # What every new conversation is called tells nothing.
        where=(_conversation.title_source != "default",),
    ),
)
