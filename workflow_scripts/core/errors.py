"""Errors that a user, not a programmer, can put right."""


class InputError(ValueError):
    """Something given is wrong; the message says what, where, and what to do.

    A step that raises it ends with this one line instead of a traceback, so the
    message must name no patient, no file of an archive and no tag's text.
    """
