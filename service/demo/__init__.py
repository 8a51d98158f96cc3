"""The demo: stories played against the real service over HTTP, shown as they go, and checked at the end.

    stories (a Story each: steps, checks) --Stage.call--> the service (`running`: a process in a home of its own)
                        |                                      |
                    narrator (what is printed)            transcript: every call and its answer, to the byte
                        |                                      |
                    `cli.timeline` of the history          checks: computed from the transcripts alone

`cast` are the people, `papers` their bookings, all invented. `stage` is where a story is played, and its *twin*: the
same people, bookings, agents and calls in a world where nobody ever asked for protection. `story` is what a story is;
`reissue`, `roadside`, `nobody_called_back`, `wrong_number` and `health_or_safety` (with its `authorities`) are such;
`couple` sets up those two where the story is about something else; `theatre` plays them all.
"""

from service.demo.running import NotPlayed
from service.demo.theatre import Played, play

__all__ = ["NotPlayed", "Played", "play"]
