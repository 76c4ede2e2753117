"""Journalled events in the words of the timeline, a file for each subject.

To tell another kind, write how in the file of its subject and name it in `SAY` there.
"""

from pages.views.happenings.telling import spaced, words, words_of_kind
from pages.views.happenings.timeline import all_else, happenings, holds_among

__all__ = ["all_else", "happenings", "holds_among", "spaced", "words", "words_of_kind"]
