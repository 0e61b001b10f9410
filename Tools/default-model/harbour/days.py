"""Tides, the ferry, and the ships of the week."""
from .facts import (DAYS, FERRY, FERRY_MINUTES, FERRY_PRICE, FERRY_TIMES, FERRY_TO, HIGH_TIDES, LOW_TIDES, TIDE_HEIGHT,
                    VISITORS, berth, clock, next_tide, rising)
from .phrasing import Frames
from .turns import Turn, follow_up, intent

WHEN_HIGH = Frames(
    "when is high tide", "what time is high tide", "high tide", "high water", "when is high water",
    "at what time is the tide high", "when does the tide come in", "times of high tide", "when is the water high",
    "high tide times", "when is the next high tide", "when do we have high water", "when is it high tide today",
    "when is the tide highest")
WHEN_LOW = Frames(
    "when is low tide", "what time is low tide", "low tide", "low water", "when is low water",
    "at what time is the tide low", "when does the tide go out", "times of low tide", "when is the water low",
    "low tide times", "when is the next low tide", "when do we have low water", "when is the tide lowest")
TIDES = Frames(
    "tell me about the tides", "tides", "what are the tides", "tide table", "how are the tides here", "tide times",
    "tide", "what are the tides today", "when are the tides", "tide schedule", "what about the tides",
    "do you have tides here", "can you tell me the tides", "give me the tide table", "what is a tide")
TIDE_AT = Frames(
    "how is the tide at {t}", "what is the tide at {t}", "tide at {t}", "what does the tide do at {t}",
    "is the tide rising at {t}", "is the water rising or falling at {t}", "is the tide falling at {t}",
    "what is the tide like at {t}", "what happens with the tide at {t}", "I come at {t}, how is the tide")
NEXT_HIGH = Frames(
    "when is the next high tide after {t}", "it is {t}, when is high tide", "next high tide after {t}",
    "I come at {t}, when is the next high water", "it is {t} now, when is the next high tide", "high tide after {t}")
NEXT_LOW = Frames(
    "when is the next low tide after {t}", "it is {t}, when is low tide", "next low tide after {t}",
    "I come at {t}, when is the next low water", "it is {t} now, when is the next low tide", "low tide after {t}")
HEIGHT = Frames(
    "how high is the tide", "how high is high tide", "how high does the water rise", "tide height", "tidal range",
    "how much does the tide rise", "how many metres is high tide", "how big are the tides", "how low is low tide",
    "what is the tidal range", "how much does the water rise")


def oclock(s, hour):
    ways = [clock(hour), clock(hour), clock(hour), f"{hour}:00", f"{hour} o'clock"]
    ways += [f"{hour} am", f"{hour}am"] if 0 < hour < 12 else [f"{hour - 12} pm", f"{hour - 12}pm"] if hour > 12 else []
    return s.pick(ways)


@intent(3)
def tides(s):
    which = s.number(0, 3)
    if which == 0:
        return Turn(s.ask(WHEN_HIGH), s.say("High water is at 06:00 and 18:00 every day. [It stands at 3 m.|]"),
                    ("06:00", "18:00"), ("tide", "high"))
    if which == 1:
        return Turn(s.ask(WHEN_LOW), s.say("Low water is at 00:00 and 12:00 every day. [It stands at 1 m.|]"),
                    ("00:00", "12:00"), ("tide", "low"))
    if which == 2:
        return Turn(s.ask(TIDES), "High water is at 06:00 and 18:00, low water at 00:00 and 12:00, every day the same. "
                    "The water rises from 1 m to 3 m.", ("06:00", "18:00", "00:00", "12:00"), ("tide", "all"))
    return Turn(s.ask(HEIGHT), "High water stands at 3 m and low water at 1 m, so the tide rises 2 m.",
                ("3 m", "1 m"), ("tide", "all"))


@intent(3)
def tide_at(s):
    hour = s.number(0, 23)
    question = s.ask(TIDE_AT, t=oclock(s, hour))
    topic = ("tide", "all")
    if hour in HIGH_TIDES:
        return Turn(question, f"At {clock(hour)} it is high water, 3 m.", ("high water",), topic)
    if hour in LOW_TIDES:
        return Turn(question, f"At {clock(hour)} it is low water, 1 m.", ("low water",), topic)
    height = f" It stands at about {TIDE_HEIGHT[hour]} m." if hour in TIDE_HEIGHT else ""
    if rising(hour):
        return Turn(question,
                    f"At {clock(hour)} the tide is rising. High water is at {clock(next_tide(hour, HIGH_TIDES))}."
                    + height, ("rising",), topic)
    return Turn(question, f"At {clock(hour)} the tide is falling. Low water is at {clock(next_tide(hour, LOW_TIDES))}."
                + height, ("falling",), topic)


@intent(2)
def next_tide_after(s):
    hour = s.number(0, 23)
    high = s.chance(0.5)
    then = clock(next_tide(hour, HIGH_TIDES if high else LOW_TIDES))
    return Turn(s.ask(NEXT_HIGH if high else NEXT_LOW, t=oclock(s, hour)),
                f"The next {'high' if high else 'low'} water after {clock(hour)} is at {then}.", (f"at {then}",),
                ("tide", "high" if high else "low"))


@follow_up("tide")
def other_tide(s, which):
    if which == "low":
        return Turn(s.ask(Frames("and high tide", "and high water", "what about high tide", "and when is it high")),
                    "High water is at 06:00 and 18:00 every day.", ("06:00", "18:00"), ("tide", "high"))
    if which == "high":
        return Turn(s.ask(Frames("and low tide", "and low water", "what about low tide", "and when is it low")),
                    "Low water is at 00:00 and 12:00 every day.", ("00:00", "12:00"), ("tide", "low"))
    return Turn(s.ask(HEIGHT), "High water stands at 3 m and low water at 1 m, so the tide rises 2 m.",
                ("3 m", "1 m"), ("tide", "all"))


FERRY_WHEN = Frames(
    "when does the ferry leave", "ferry times", "when is the ferry", "ferry timetable", "ferry schedule",
    "at what time does the ferry go", "when does the Marigold leave", "what time is the ferry", "ferry",
    "when can I take the ferry", "is there a ferry", "when do ferries leave", "tell me about the ferry",
    "what time does the ferry leave", "when does the boat to Gull Island leave", "departures of the ferry")
FERRY_NEXT = Frames(
    "when is the next ferry after {t}", "it is {t}, when does the next ferry leave", "next ferry after {t}",
    "I arrive at {t}, which ferry can I take", "which ferry leaves after {t}", "ferry after {t}",
    "it is {t} now, when is the next ferry", "it is {t}, next ferry")
FERRY_WHERE = Frames(
    "where does the ferry leave", "from which berth does the ferry leave", "where is the ferry", "ferry berth",
    "where do I board the ferry", "which berth is the ferry at", "where do I find the ferry",
    "where does the Marigold lie")
FERRY_GOAL = Frames(
    "where does the ferry go", "where can I go by ferry", "how do I get to Gull Island", "ferry destination",
    "what is Gull Island", "can I go to Gull Island", "where does the Marigold go",
    "which island does the ferry go to")
FERRY_COST = Frames(
    "how much is the ferry", "what does the ferry cost", "ferry price", "ferry ticket", "how much is a ticket",
    "price of the ferry", "how much does a ferry ticket cost", "what does a trip to Gull Island cost", "ticket price",
    "is the ferry expensive", "where do I buy a ferry ticket")
FERRY_LONG = Frames(
    "how long does the ferry take", "how long is the ferry trip", "how long is the trip to Gull Island",
    "ferry duration", "how many minutes does the ferry take", "how long does the crossing take",
    "how long do I sit on the ferry")
PEOPLE_COST = Frames(
    "how much is the ferry for {n} people", "what do {n} ferry tickets cost", "{n} tickets for the ferry",
    "{n} ferry tickets", "ferry price for {n} people", "we are {n} people, what does the ferry cost",
    "how much are {n} tickets")


@intent(5)
def ferry(s):
    which = s.number(0, 6)
    topic = ("ferry",)
    if which == 0:
        return Turn(s.ask(FERRY_WHEN),
                    f"The ferry {FERRY} leaves berth 2 for {FERRY_TO} at 08:00, 12:00 and 17:00 every "
                    "day.", ("08:00", "12:00", "17:00"), topic)
    if which == 1:
        hour = s.number(5, 22)
        later = [t for t in FERRY_TIMES if t > hour]
        answer = (f"The next ferry after {clock(hour)} leaves at {clock(later[0])}." if later else
                  f"The last ferry leaves at 17:00. After {clock(hour)} the next one is at 08:00 tomorrow.")
        return Turn(s.ask(FERRY_NEXT, t=oclock(s, hour)), answer, (clock(later[0] if later else 8),), topic)
    if which == 2:
        return Turn(s.ask(FERRY_WHERE), "The ferry leaves from berth 2, in the inner basin.", ("berth 2",), topic)
    if which == 3:
        return Turn(s.ask(FERRY_GOAL),
                    f"The ferry {FERRY} goes to {FERRY_TO}. The crossing takes {FERRY_MINUTES} minutes.",
                    (FERRY_TO,), topic)
    if which == 4:
        return Turn(s.ask(FERRY_COST), f"A ferry ticket costs {FERRY_PRICE} crowns. You buy it on board.",
                    ("5 crowns",), topic)
    if which == 5:
        return Turn(s.ask(FERRY_LONG), f"The crossing to {FERRY_TO} takes {FERRY_MINUTES} minutes.",
                    ("40 minutes",), topic)
    people = s.number(2, 12)
    return Turn(s.ask(PEOPLE_COST, n=people),
                f"A ticket costs 5 crowns. {people} tickets cost {people} x 5 = {people * 5} "
                "crowns.", (f"{people * 5} crowns",), topic)


FERRY_ALSO = [
    (Frames("how long does it take", "and how long", "how long is the trip", "how many minutes"),
     f"The crossing to {FERRY_TO} takes {FERRY_MINUTES} minutes.", ("40 minutes",)),
    (Frames("how much is it", "what does it cost", "and the price", "how much is a ticket"),
     f"A ferry ticket costs {FERRY_PRICE} crowns. You buy it on board.", ("5 crowns",)),
    (Frames("where does it leave", "from which berth", "where", "where do I board"),
     "The ferry leaves from berth 2, in the inner basin.", ("berth 2",)),
    (Frames("when does it leave", "at what time", "when", "what time does it go"),
     f"The ferry {FERRY} leaves berth 2 for {FERRY_TO} at 08:00, 12:00 and 17:00 every day.",
     ("08:00", "12:00", "17:00")),
]


@follow_up("ferry")
def ferry_also(s):
    frames, answer, expects = s.pick(FERRY_ALSO)
    return Turn(s.ask(frames), answer, expects, ("ferry",))


ON_DAY = Frames(
    "what comes on {day}", "which ship comes on {day}", "what arrives on {day}", "who comes on {day}", "{day}",
    "which ships are expected on {day}", "what happens on {day}", "schedule for {day}", "what ship is here on {day}",
    "any ships on {day}", "does a ship come on {day}", "ships on {day}", "what is planned for {day}")
WHEN_SHIP = Frames(
    "when does the {ship} come", "when does the {ship} arrive", "on which day does the {ship} come",
    "when is the {ship} here", "{ship} arrival", "what day does the {ship} arrive", "when can I see the {ship}",
    "when is the {ship} due")
WHAT_SHIP = Frames(
    "what is the {ship}", "tell me about the {ship}", "what kind of ship is the {ship}", "the {ship}", "{ship}",
    "what do you know about the {ship}", "what does the {ship} carry", "who is {ship}", "describe the {ship}",
    "what is {ship}")
WHERE_SHIP = Frames(
    "where does the {ship} lie", "which berth does the {ship} use", "at which berth is the {ship}",
    "where is the {ship}", "berth of the {ship}", "where does the {ship} moor", "where do I find the {ship}")
WEEK = Frames(
    "what is the schedule", "schedule", "which ships come this week", "timetable", "which ships come here",
    "show me the schedule", "what ships are expected", "give me the week", "ships this week",
    "what is the weekly schedule", "plan of the week", "which ships visit the harbour",
    "what ships come to the harbour", "tell me the schedule", "arrivals")


def visit(v):
    return f"The {v.kind} {v.name} comes every {v.day} to berth {v.berth}. It carries {v.cargo}."


@intent(4)
def week_day(s):
    day = s.pick(DAYS)
    visitor = next((v for v in VISITORS if v.day == day), None)
    question = s.ask(ON_DAY, day=day)
    if visitor:
        return Turn(question, s.say("On {day} the {kind} {name} comes to berth {n}.", day=day, kind=visitor.kind,
                                    name=visitor.name, n=visitor.berth), (visitor.name, f"berth {visitor.berth}"),
                    ("ship", visitor.name))
    return Turn(question, s.say("[On {day} no cargo ship comes, only the ferry.|No cargo ship comes on {day}. The "
                                "ferry "
                                "runs as every day.]", day=day), ("no cargo ship",), ("day",))


@follow_up("day")
def another_day(s):
    visitor = s.pick(VISITORS)
    return Turn(s.ask(Frames("and on {day}", "what about {day}", "and {day}", "{day}", "how about {day}"),
                      day=visitor.day),
                f"On {visitor.day} the {visitor.kind} {visitor.name} comes to berth {visitor.berth}.",
                (visitor.name, f"berth {visitor.berth}"), ("ship", visitor.name))


@intent(4)
def visiting_ship(s):
    v = s.pick(VISITORS)
    which = s.number(0, 3)
    topic = ("ship", v.name)
    if which == 0:
        return Turn(s.ask(WHEN_SHIP, ship=v.name), s.say("The {n} comes every {d}.", n=v.name, d=v.day), (v.day,),
                    topic)
    if which == 1:
        return Turn(s.ask(WHAT_SHIP, ship=v.name), visit(v), (v.kind, v.day, f"berth {v.berth}"), topic)
    if which == 2:
        return Turn(s.ask(WHERE_SHIP, ship=v.name), f"The {v.name} lies at berth {v.berth}, {berth(v.berth).place}.",
                    (f"berth {v.berth}",), topic)
    return Turn(s.ask(WEEK), "Monday: Kestrel with containers at berth 5. Wednesday: Amber with grain at berth 4. "
                             "Friday: "
                "Juniper with timber at berth 3. Saturday: Petrel with oil at berth 6.",
                ("Kestrel", "Amber", "Juniper", "Petrel"), ("day",))


@follow_up("ship")
def ship_more(s, name):
    v = next(v for v in VISITORS if v.name == name)
    which = s.number(0, 3)
    topic = ("ship", name)
    if which == 0:
        return Turn(s.ask(Frames("what does it carry", "what is on board", "and its cargo", "what cargo",
                                 "what does she carry")),
                    f"The {v.name} carries {v.cargo}.", (v.cargo,), topic)
    if which == 1:
        return Turn(s.ask(Frames("at which berth", "where does it lie", "which berth", "where is it")),
                    f"The {v.name} lies at berth {v.berth}, {berth(v.berth).place}.", (f"berth {v.berth}",), topic)
    if which == 2:
        return Turn(s.ask(Frames("how many people are on board", "how big is the crew", "and the crew",
                                 "how many sailors")),
                    f"The {v.name} has a crew of {v.crew}.", (f"{v.crew}",), topic)
    return Turn(s.ask(Frames("on which day", "when does it come", "when", "what day is that")),
                f"The {v.name} comes every {v.day}.", (v.day,), topic)
