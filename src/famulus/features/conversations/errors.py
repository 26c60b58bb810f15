"""What can go wrong with conversations and runs."""

from famulus.kit.errors import Conflict, Invalid, NotFound, TooMany, Unprocessable


class ConversationNotFound(NotFound):
    """No such conversation, or not yours."""


class AssistantNotFound(NotFound):
    """No such assistant, or not yours."""


class RunNotFound(NotFound):
    """No such run, or not yours."""


class MessageNotFound(NotFound):
    """No such message in this conversation."""


class MessageSuperseded(Conflict):
    """Something else was already said in the place of this message."""


class NotAQuestion(Unprocessable):
    """What an assistant has said is not a person's to edit."""


class MessageBlank(Invalid):
    """There is nothing in the message."""


class MessageTooLong(Unprocessable):
    """The message has more characters than are accepted."""


class UnknownTool(Unprocessable):
    """An assistant is to use a tool that there is not."""


class InvalidCursor(Invalid):
    """The position in a stream is not one that was ever handed out."""


class ConversationBusy(Conflict):
    """A run of this conversation is still at work."""


class RunEnded(Conflict):
    """The run is over; nothing about it can change any more."""


class NothingRequired(Conflict):
    """The run does not wait for tool outputs."""


class OutputsDoNotFit(Unprocessable):
    """The tool outputs are not those that the run waits for."""


class DefaultAssistant(Conflict):
    """The default assistant cannot be deleted."""


class TooManyRuns(TooMany):
    """Too many of this person's runs are queued or at work."""


class RunFailed(Exception):
    """A run has to end as failed, with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
