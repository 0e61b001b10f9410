"""Questions about the berths: how long, how deep, what for."""
from .facts import BERTHS, HARBOUR, berth
from .phrasing import Frames
from .turns import Turn, follow_up, intent

DEPTH = Frames(
    "how deep is {b}", "what is the depth of {b}", "what depth does {b} have", "{b} depth", "depth of {b}",
    "how much water is there at {b}", "how many [metres|meters] deep is {b}", "how deep is the water at {b}",
    "what's the depth at {b}", "is {b} deep", "how deep can a ship be at {b}", "tell me the depth of {b}",
    "what is the water depth at {b}", "depth {b}", "give me the depth of {b}", "{b}, how deep",
    "how much water do I have under me at {b}", "what depth of water is at {b}", "how deep does {b} go",
    "I need the depth of {b}")
LENGTH = Frames(
    "how long is {b}", "what is the length of {b}", "{b} length", "length of {b}", "what length does {b} have",
    "how many [metres|meters] long is {b}", "what's the length of {b}", "is {b} long", "tell me the length of {b}",
    "how much quay is there at {b}", "how long is the quay at {b}", "what size is the quay at {b}", "length {b}",
    "give me the length of {b}", "{b}, how long", "how long can a ship be at {b}", "how long may a ship be at {b}",
    "I need the length of {b}", "what is the longest ship at {b}", "how [big|large] is {b}")
CRANE = Frames(
    "does {b} have a crane", "is there a crane at {b}", "are there cranes at {b}", "{b} crane",
    "what can the crane at {b} lift", "how much can {b} lift", "how strong is the crane at {b}", "crane at {b}",
    "has {b} got a crane", "which crane stands at {b}", "how many cranes does {b} have",
    "what is the crane at {b} like", "can I use a crane at {b}", "how heavy can I lift at {b}",
    "how many tonnes does the crane at {b} lift", "cranes {b}", "tell me about the crane at {b}")
USE = Frames(
    "what is {b} for", "what is {b} used for", "what does {b} handle", "who uses {b}", "which ships use {b}",
    "what ships lie at {b}", "what cargo goes to {b}", "{b} use", "what can I bring to {b}",
    "what kind of ships use {b}", "which cargo does {b} handle", "what happens at {b}",
    "what kind of cargo is handled at {b}", "which ships can use {b}", "what do you do at {b}", "what is at {b}")
PLACE = Frames(
    "where is {b}", "where do I find {b}", "where can I find {b}", "how do I find {b}", "location of {b}",
    "in which part of the harbour is {b}", "{b} where", "which quay is {b} on", "where does {b} lie",
    "how do I get to {b}", "where exactly is {b}")
FEE = Frames(
    "how much does {b} cost", "what does {b} cost", "what is the price of {b}", "what is the fee for {b}",
    "{b} price", "{b} fee", "how expensive is {b}", "what do I pay at {b}", "what do I pay for {b}", "fee of {b}",
    "how many crowns does {b} cost", "price for one day at {b}", "what is the daily fee at {b}",
    "how much is {b} a day", "how much is a day at {b}", "what does a day at {b} cost")
FEE_DAYS = Frames(
    "how much does {b} cost for {d} days", "what do {d} days at {b} cost", "{d} days at {b}, how much",
    "what is the price of {b} for {d} days", "I stay {d} days at {b}, what does it cost",
    "how much do I pay for {d} days at {b}", "price for {d} days at {b}", "fee for {d} days at {b}",
    "we want to stay at {b} for {d} days, how much is that", "{b} for {d} days price",
    "what is the fee for {d} days at {b}", "how much is {b} for {d} days")
EVERYTHING = Frames(
    "tell me about {b}", "tell me more about {b}", "what do you know about {b}", "describe {b}", "{b}",
    "what about {b}", "info on {b}", "give me all details of {b}", "information about {b}", "details of {b}",
    "what is {b} like", "I want to know about {b}", "tell me everything about {b}", "can you describe {b}",
    "{b} info", "what is {b}", "explain {b}", "show me {b}")


def crane_answer(s, b):
    if b.cranes == 0:
        return s.say("[No, berth {n} has no crane|Berth {n} has no crane]. It has {gear}.", n=b.number, gear=b.gear)
    if b.cranes == 1:
        return s.say("[Yes, berth {n} has|Berth {n} has] one crane. It lifts {t} tonnes.", n=b.number, t=b.crane)
    return s.say("[Yes, berth {n} has|Berth {n} has] two cranes. Each lifts {t} tonnes.", n=b.number, t=b.crane)


def about(s, b, attribute):
    """(answer, what it must hold) on one attribute of a berth."""
    n = b.number
    if attribute == "depth":
        return s.say("[Berth {n} is {x} m deep.|Berth {n} is {x} m deep, measured at low tide.|"
                     "The depth at berth {n} is {x} m.]", n=n, x=b.depth), (f"berth {n}", f" {b.depth} m")
    if attribute == "length":
        return s.say("[Berth {n} is {x} m long.|The quay at berth {n} is {x} m long.|"
                     "Berth {n} takes ships up to {x} m long.]", n=n, x=b.length), (f"berth {n}", f" {b.length} m")
    if attribute == "crane":
        return crane_answer(s, b), (f"berth {n}", "no crane" if not b.cranes else f"{b.crane} tonnes")
    if attribute == "use":
        return s.say("Berth {n} is [for|used for] {use}.", n=n, use=b.use), (f"berth {n}", b.use)
    if attribute == "place":
        return s.say("Berth {n} is {place}.", n=n, place=b.place), (f"berth {n}", b.place)
    if attribute == "fee":
        return s.say("Berth {n} costs {x} crowns a day.", n=n, x=b.fee), (f"berth {n}", f"{b.fee} crowns")
    crane = ["It has no crane", "It has one crane for {t} tonnes", "It has two cranes for {t} tonnes each"][b.cranes]
    return s.say("Berth {n} is {place}. It is {l} m long and {d} m deep and used for {use}. " + crane
                 + ". [A day costs {fee} crowns.|]", n=n, place=b.place, l=b.length, d=b.depth, use=b.use,
                 t=b.crane, fee=b.fee), (f"berth {n}", f"{b.length} m long", f"{b.depth} m deep")


ATTRIBUTES = {"depth": DEPTH, "length": LENGTH, "crane": CRANE, "use": USE, "place": PLACE, "fee": FEE,
              "all": EVERYTHING}


@intent(16)
def berth_attribute(s):
    b = s.pick(BERTHS)
    attribute = s.pick(["depth", "depth", "length", "length", "crane", "crane", "use", "place", "fee", "all", "all"])
    question = s.ask(ATTRIBUTES[attribute], b=s.berth_name(b.number))
    return Turn(question, *about(s, b, attribute), topic=("berth", b.number, attribute))


@intent(2)
def berth_fee_for_days(s):
    b, days = s.pick(BERTHS), s.number(2, 10)
    return fee_for(s, s.ask(FEE_DAYS, b=s.berth_name(b.number), d=days), b, days)


def fee_for(s, question, b, days):
    answer = s.say("Berth {n} costs {f} crowns a day. {d} days cost {d} x {f} = {x} crowns.",
                   n=b.number, f=b.fee, d=days, x=b.fee * days)
    return Turn(question, answer, (f"{b.fee * days} crowns",), ("berth", b.number, "fee"))


@intent(1)
def berth_unknown(s):
    n = s.pick([7, 8, 9, 10, 11, 12, 15, 20, 0, 99, 100])
    frames = ATTRIBUTES[s.pick(list(ATTRIBUTES))]
    answer = s.say("[There is no berth {n} here. Ternhaven has six berths, 1 to 6.|"
                   "I know no berth {n}: Ternhaven has berths 1 to 6.]", n=n)
    return Turn(s.ask(frames, b=f"berth {n}"), answer, ("1 to 6",))


# A second question that leans on the first one.
ALSO = {
    "depth": Frames("and how deep is it", "how deep is it", "and the depth", "what about its depth", "depth",
                    "and how much water is there", "how deep", "is it deep", "and how deep"),
    "length": Frames("and how long is it", "how long is it", "and the length", "what about its length", "length",
                     "how long", "and how long", "is it long", "how big is it"),
    "crane": Frames("does it have a crane", "and a crane", "is there a crane", "has it got a crane",
                    "any cranes there", "what about a crane", "and cranes", "can it lift something"),
    "use": Frames("what is it used for", "what is it for", "who uses it", "which ships use it", "and what is it for",
                  "what goes there"),
    "place": Frames("where is it", "and where is it", "where do I find it", "how do I get there", "where is that"),
    "fee": Frames("how much does it cost", "what does it cost", "and the price", "and the fee", "how much is it",
                  "what do I pay there", "how expensive is it"),
    "all": Frames("tell me more", "tell me more about it", "more about it", "what else", "anything else",
                  "tell me everything about it", "more"),
}
OTHER = Frames("and {b}", "what about {b}", "and for {b}", "how about {b}", "{b}", "and at {b}", "same for {b}",
               "what of {b}", "and what about {b}")
DAYS_MORE = Frames("and for {d} days", "for {d} days", "how much for {d} days", "what do {d} days cost",
                   "and {d} days", "I stay {d} days", "if I stay {d} days")


@follow_up("berth")
def same_berth(s, number, attribute):
    other = s.pick([a for a in ALSO if a != attribute])
    return Turn(s.ask(ALSO[other]), *about(s, berth(number), other), topic=("berth", number, other))


@follow_up("berth")
def other_berth(s, number, attribute):
    other = s.pick([b for b in BERTHS if b.number != number])
    answer = about(s, other, attribute)
    return Turn(s.ask(OTHER, b=s.berth_name(other.number)), *answer, topic=("berth", other.number, attribute))


@follow_up("berth")
def fee_for_days(s, number, attribute):
    if attribute != "fee":
        return same_berth(s, number, attribute)
    days = s.number(2, 10)
    return fee_for(s, s.ask(DAYS_MORE, d=days), berth(number), days)


# Questions about all berths together: (frames, answers, what must be held, berth meant or 0)
OVERVIEW = [
    (Frames("how many berths are there", "how many berths does {h} have", "number of berths", "how many berths",
            "how many berths do you have", "how many ships can lie here", "count the berths",
            "how many places for ships are there", "how many berths has the harbour got"),
     "[There are six berths, numbered 1 to 6.|Ternhaven has six berths, numbered 1 to 6.]", ("six",), 0),
    (Frames("list the berths", "list all berths", "which berths are there", "show me all berths", "show all berths",
            "what berths do you have", "give me an overview of the berths", "tell me about the berths", "berths",
            "what are the berths", "can you list all the berths", "name the berths", "tell me about all berths"),
     "Berth 1 is for fishing boats, berth 2 for the ferry, berth 3 for timber and general cargo, berth 4 for grain "
     "and other bulk cargo, berth 5 for containers and berth 6 for tankers.",
     ("1 is for fishing", "2 for the ferry", "3 for timber", "4 for grain", "5 for containers", "6 for tankers"), 0),
    (Frames("which berth is the deepest", "what is the deepest berth", "deepest berth", "where is the water deepest",
            "which berth has the most water", "what berth is deepest", "which is the deepest berth", "maximum depth",
            "where is it deepest", "how deep is the deepest berth", "what is the greatest depth here"),
     "Berth 6 is the deepest: 14 m.", ("berth 6", "14 m"), 6),
    (Frames("which berth is the longest", "what is the longest berth", "longest berth", "which berth is longest",
            "what is the biggest berth", "which is the biggest berth", "biggest berth", "which berth is the largest",
            "how long is the longest berth", "what berth is the longest", "which berth takes the longest ships"),
     "Berth 6 is the longest: 260 m.", ("berth 6", "260 m"), 6),
    (Frames("which berth is the shallowest", "what is the shallowest berth", "shallowest berth",
            "which berth has the least water", "where is the water shallowest", "which is the shallowest berth",
            "least depth", "minimum depth"),
     "Berth 1 is the shallowest: 4 m.", ("berth 1", "4 m"), 1),
    (Frames("which berth is the shortest", "what is the smallest berth", "shortest berth", "smallest berth",
            "which berth is the smallest", "which is the shortest berth", "what is the shortest berth",
            "which berth is shortest"),
     "Berth 1 is the shortest: 60 m.", ("berth 1", "60 m"), 1),
    (Frames("which berth is the cheapest", "cheapest berth", "what is the cheapest berth", "where is it cheapest",
            "which berth costs least", "where do I pay least", "lowest fee"),
     "Berth 1 is the cheapest: 10 crowns a day.", ("berth 1", "10 crowns"), 1),
    (Frames("which berth is the most expensive", "most expensive berth", "what is the most expensive berth",
            "which berth costs the most", "highest fee", "where do I pay most"),
     "Berth 6 costs the most: 60 crowns a day.", ("berth 6", "60 crowns"), 6),
    (Frames("which berths have cranes", "where are the cranes", "which berths have a crane", "cranes",
            "where can I find a crane", "what cranes are there", "list the cranes", "tell me about the cranes",
            "where are cranes", "what cranes do you have", "at which berths is there a crane",
            "which cranes are there"),
     "Berth 3 has a crane for 10 tonnes, berth 4 a crane for 20 tonnes, and berth 5 two cranes for 40 tonnes each.",
     ("3 has a crane for 10", "4 a crane for 20", "5 two cranes for 40"), 0),
    (Frames("how many cranes are there", "how many cranes do you have", "number of cranes", "how many cranes",
            "how many cranes does the harbour have", "count the cranes"),
     "There are four cranes: one at berth 3, one at berth 4 and two at berth 5.", ("four",), 0),
    (Frames("which crane is the strongest", "what is the strongest crane", "strongest crane", "biggest crane",
            "which crane lifts most", "how much can the biggest crane lift", "what is the heaviest load you can lift",
            "what is the most you can lift", "where is the strongest crane", "maximum load"),
     "The cranes at berth 5 are the strongest: each lifts 40 tonnes.", ("berth 5", "40 tonnes"), 5),
    (Frames("how much does a berth cost", "what does a berth cost", "prices", "what are the fees", "harbour fees",
            "how much do I pay here", "what are your prices", "fees", "price list", "what does it cost to stay here",
            "how expensive is the harbour", "tell me the prices", "how much is a berth"),
     "A day costs 10 crowns at berth 1, 20 at berth 2, 30 at berth 3, 40 at berth 4, 50 at berth 5 and 60 at berth 6.",
     ("10 crowns at berth 1", "60 at berth 6"), 0),
]


@intent(7)
def overview(s):
    frames, answer, expects, number = s.pick(OVERVIEW)
    topic = ("berth", number, "all") if number else ()
    return Turn(s.ask(frames, h=HARBOUR), s.say(answer), expects, topic)
