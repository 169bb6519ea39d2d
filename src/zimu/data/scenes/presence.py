"""Which words are true when in a scene: what a model may be told while it learns to see and hear."""

from __future__ import annotations

from zimu.data.scenes.facts import STILL, Facts, Thing
from zimu.data.scenes.wording import sound_mark, thing_marks

__all__ = ["Event", "presence"]

# {"word", "start", "end"}, seconds, as in the `words` of sets with word times.
Event = dict[str, str | float]


def presence(facts: Facts) -> dict[str, list[Event]]:
    """Return the English words that are true at each moment, a stream.

    Returns:
        {"video": words of every object while it acts, "audio": of every sound while it is heard, "memory": of
        what the captions name, while it happens}.
    """
    video = [event for thing in facts.things if thing.motion != STILL for event in _seen(thing)]
    audio = [_event(sound_mark(sound.name), sound.start, sound.end) for sound in facts.sounds]
    thing = facts.named_thing
    memory = [] if thing is None else _seen(thing)
    if facts.sound is not None:
        span = thing or facts.sounds[facts.sound]
        memory.append(_event(sound_mark(facts.sounds[facts.sound].name), span.start, span.end))
    return {"video": video, "audio": audio, "memory": memory}


def _seen(thing: Thing) -> list[Event]:
    return [_event(word, thing.start, thing.end) for word in thing_marks(thing)]


def _event(word: str, start: float, end: float) -> Event:
    return {"word": word, "start": start, "end": end}
