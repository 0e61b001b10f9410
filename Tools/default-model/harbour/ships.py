"""Which berth suits which ship: by cargo, by kind, by length and draught; and what the cranes lift."""
from .facts import BERTHS, CARGO, PILOT_FROM, SHIP_KINDS, UNDER_KEEL, berth, fitting_berth, tugs
from .phrasing import Frames
from .turns import Turn, follow_up, intent

CARGO_BERTH = Frames(
    "where do I unload {c}", "which berth is for {c}", "which berth handles {c}", "where does {c} go", "{c}",
    "I have {c}, which berth", "where can I unload {c}", "we bring {c}, where do we go", "which berth for {c}",
    "our ship carries {c}", "where do you handle {c}", "my ship has {c} on board, where do I go",
    "I want to unload {c}", "do you handle {c}", "can I unload {c} here", "best berth for {c}", "where should {c} go",
    "what berth is for {c}", "a ship with {c}, where to", "I carry {c}", "where do ships with {c} go",
    "can you take {c}", "we have a load of {c}", "where do I bring {c}")
KIND_BERTH = Frames(
    "where does a {k} go", "which berth is for a {k}", "which berth suits a {k}",
    "I have a {k}, which berth", "where can a {k} lie", "where do I put a {k}", "what berth is best for a {k}",
    "berth for a {k}", "{k}", "I am coming with a {k}", "which berth should a {k} take", "where do {k}s go",
    "my {k} needs a berth", "which berth do {k}s use", "a {k} is coming, where should it go",
    "I am on a {k}, where do I go", "can a {k} come here", "where should a {k} moor", "where can I moor my {k}")


@intent(5)
def berth_for_cargo(s):
    b = s.pick(BERTHS)
    cargo = s.pick(CARGO[b.number])
    answer = s.say("[{C} goes to berth {n}.|Berth {n} handles {c}.|Use berth {n} for {c}.|Berth {n} is the right one "
                   "for {c}.] [It is {place}.|It has {gear}.|It is {l} m long and {d} m deep.|]",
                   C=cargo.capitalize(), c=cargo, n=b.number, place=b.place, gear=b.gear, l=b.length, d=b.depth)
    return Turn(s.ask(CARGO_BERTH, c=cargo), answer, (f"berth {b.number}",), ("berth", b.number, "use"))


@intent(4)
def berth_for_kind(s):
    b = s.pick(BERTHS)
    kind = s.pick(SHIP_KINDS[b.number])
    answer = s.say("[A {k} goes to berth {n}.|Berth {n} is for a {k}.] [It is {place}.|It has {gear}.|"
                   "It is {l} m long and {d} m deep.]",
                   k=kind, n=b.number, place=b.place, gear=b.gear, l=b.length, d=b.depth)
    question = s.ask(KIND_BERTH, k=kind).replace(" a oil", " an oil")
    answer = answer.replace("A oil", "An oil").replace(" a oil", " an oil")
    return Turn(question, answer, (f"berth {b.number}",), ("berth", b.number, "use"))


# Length and draught.
LENGTH_ONLY = Frames(
    "which berth for a ship of {l}", "my {s} is {l} long, which berth", "where can a {l} {s} lie",
    "I have a {s} of {l}, where do I go", "which berth takes a {s} of {l}", "{l} {s}, which berth",
    "where does a {s} of {l} go", "my {s} has a length of {l}", "our {s} is {l} long",
    "which berth fits a {l} long {s}", "what berth suits a {l} {s}", "a {s} is {l} long, where should it go",
    "berth for {l}", "which berth is long enough for {l}", "I need a berth for a {s} that is {l} long",
    "where can I put a {l} {s}", "do you have a berth for {l}", "length {l}")
DRAUGHT_ONLY = Frames(
    "which berth for a draught of {d}", "my {s} has a draught of {d}, which berth", "my draught is {d}",
    "which berth is deep enough for {d} draught", "our {s} draws {d}, where do we go", "draught {d}",
    "where can a {s} with {d} draught go", "{d} draught, which berth", "my {s} draws {d}",
    "which berth takes a {s} with {d} draught", "I need a berth for {d} draught", "we draw {d}",
    "a {s} draws {d}, which berth suits it", "our draft is {d}, which berth", "draft of {d}, where")
BOTH = Frames(
    "which berth for a {s} of {l} with {d} draught", "my {s} is {l} long and draws {d}", "{l} long, {d} draught",
    "my {s} is {l} long with a draught of {d}, which berth", "where can a {l} {s} with {d} draught go",
    "which berth suits a {s} that is {l} long and has a draught of {d}", "length {l}, draught {d}, which berth",
    "I have a {s}: {l} long, draught {d}", "a {s} of {l} and {d} draught, where should it go",
    "our {s} has {l} length and {d} draught", "which berth fits {l} length and {d} draught", "{l} and {d} draught",
    "I need a berth for a {s} of {l} that draws {d}", "where do I go with {l} length and a draft of {d}",
    "what berth suits a {l} {s} drawing {d}", "{s} {l} draught {d}", "we are {l} long and draw {d}, which berth")
SHIP_WORDS = ["ship", "ship", "ship", "vessel", "boat", "freighter", "yacht"]


def metres(s, value):
    return s.say(s.pick(["{v} m", "{v} m", "{v} m", "{v}m", "{v} metres", "{v} meters"]), v=plain(value))


def plain(value):
    return f"{value:g}"


def some_length(s):
    """Lengths near the borders are asked as often as all others."""
    if s.chance(0.3):
        return max(8, s.pick(BERTHS).length + s.number(-3, 3))
    return s.pick([s.number(8, 60), s.number(61, 130), s.number(90, 280), s.number(9, 30) * 10])


def some_draught(s):
    return s.number(1, 16) if s.chance(0.8) else s.number(2, 28) / 2 + 0.5


def fit(s, question, length=0, draught=0):
    """Reasons aloud: what the ship needs, then the smallest berth that has it."""
    need = plain(draught + UNDER_KEEL)
    chosen = fitting_berth(length, draught)
    words = []
    if draught:
        words.append(f"With {plain(draught)} m draught you need {need} m of water.")
    if length and draught:
        words.append(f"The ship needs {plain(length)} m of quay.")
    topic = ("fit", length, draught)
    if chosen:
        size = s.say(s.pick([
            "Berth {n} fits: it is {l} m long and {d} m deep.", "Take berth {n}: it is {l} m long and {d} m deep."])
            if draught else s.pick([
                "A ship of {x} m fits berth {n}: it is {l} m long.", "Berth {n} takes {x} m: it is {l} m long."]),
            n=chosen.number, l=chosen.length, d=chosen.depth, x=plain(length))
        if length and not draught and s.chance(0.35):
            words = [size, f"The draught may be up to {chosen.depth - 1} m."]
            size = ""
        return Turn(question, " ".join(words + [size]).strip(), (f"berth {chosen.number}",), topic)
    if length > BERTHS[-1].length:
        return Turn(question, s.say(
            "[Sorry, no berth fits a ship of {x} m. The longest, berth 6, is 260 m.|"
            "{x} m is too long: berth 6, the longest, is 260 m.]", x=plain(length)),
            ("260 m", "too long|no berth"), topic)
    return Turn(question, " ".join(words[:1] + [s.say(
        "[Sorry, no berth is that deep. The deepest, berth 6, is 14 m.|That is too deep: berth 6, the deepest, is "
        "14 m.]"
    )]), ("14 m", "too deep|no berth"), topic)


@intent(6)
def berth_for_length(s):
    length = some_length(s)
    return fit(s, s.ask(LENGTH_ONLY, l=metres(s, length), s=s.pick(SHIP_WORDS)), length)


@intent(4)
def berth_for_draught(s):
    draught = some_draught(s)
    return fit(s, s.ask(DRAUGHT_ONLY, d=metres(s, draught), s=s.pick(SHIP_WORDS)), 0, draught)


@intent(8)
def berth_for_both(s):
    length, draught = some_length(s), some_draught(s)
    return fit(s, s.ask(BOTH, l=metres(s, length), d=metres(s, draught), s=s.pick(SHIP_WORDS)), length, draught)


NEW_DRAUGHT = Frames("and with {d} draught", "what if the draught is {d}", "it draws {d}", "the draught is {d}",
                     "and if it draws {d}", "with a draught of {d}", "its draught is {d}", "and {d} draught",
                     "what if it draws {d}", "now the draught is {d}")
NEW_LENGTH = Frames("and for {l}", "and if it is {l} long", "what if it is {l} long", "the length is {l}",
                    "and with {l} length", "it is {l} long", "its length is {l}", "what about {l} long",
                    "now the ship is {l} long")


@follow_up("fit")
def other_draught(s, length, draught):
    new = some_draught(s)
    return fit(s, s.ask(NEW_DRAUGHT, d=metres(s, new)), length, new)


@follow_up("fit")
def other_length(s, length, draught):
    new = some_length(s)
    return fit(s, s.ask(NEW_LENGTH, l=metres(s, new)), new, draught)


CAN_IT = Frames(
    "can a {s} of {l} go to {b}", "does a {l} {s} fit at {b}", "can a {l} long {s} use {b}",
    "is {b} long enough for {l}", "does {l} fit at {b}", "can I bring a {l} {s} to {b}",
    "can my {s} of {l} lie at {b}", "will a {l} {s} fit {b}", "is a {s} of {l} too long for {b}",
    "my {s} is {l}, can I use {b}", "could a {l} {s} moor at {b}")
CAN_DRAW = Frames(
    "can a {s} with {d} draught go to {b}", "is {b} deep enough for {d} draught", "can a {s} drawing {d} use {b}",
    "my {s} draws {d}, can I use {b}", "does a draught of {d} fit at {b}", "is {d} draught ok at {b}",
    "can I go to {b} with {d} draught", "is {d} draught too much for {b}", "may I lie at {b} with a draught of {d}")


@intent(4)
def may_a_length(s):
    b = s.pick(BERTHS)
    length = max(8, b.length + s.number(-40, 40)) if s.chance(0.7) else some_length(s)
    question = s.ask(CAN_IT, l=metres(s, length), s=s.pick(SHIP_WORDS), b=s.berth_name(b.number))
    topic = ("fit", length, 0)
    if length <= b.length:
        return Turn(question, f"{length} m fits: berth {b.number} is {b.length} m long.",
                    ("m fits", f"{b.length} m"), topic)
    better = fitting_berth(length)
    advice = f"Take berth {better.number}, it is {better.length} m long." if better else "No berth here is that long."
    return Turn(question, f"{length} m does not fit: berth {b.number} is {b.length} m long. {advice}",
                ("not fit", f"{b.length} m"), topic)


@intent(3)
def may_a_draught(s):
    b, draught = s.pick(BERTHS), some_draught(s)
    question = s.ask(CAN_DRAW, d=metres(s, draught), s=s.pick(SHIP_WORDS), b=s.berth_name(b.number))
    need, enough = draught + UNDER_KEEL, b.depth >= draught + UNDER_KEEL
    verdict = "is deep enough" if enough else "is not deep enough"
    answer = s.say("With {x} m draught you need {need} m of water. Berth {n} has {d} m, so it {v}.",
                   x=plain(draught), need=plain(need), n=b.number, d=b.depth, v=verdict)
    return Turn(question, answer, (verdict, f"{b.depth} m"), ("fit", 0, draught))


# What the cranes lift.
LIFT = Frames(
    "can you lift {t} tonnes", "who can lift {t} tonnes", "which crane lifts {t} tonnes",
    "I have a load of {t} tonnes", "where can I lift {t} tonnes", "which berth can lift {t} tonnes",
    "I need to lift {t} tonnes", "lift {t} tonnes", "a machine of {t} tonnes must be unloaded, where",
    "my cargo weighs {t} tonnes, which crane", "{t} tonnes crane", "is there a crane for {t} tonnes",
    "do you have a crane for {t} tons", "what about a load of {t} tons", "my load weighs {t} tons, which berth")
LIFT_AT = Frames(
    "can {b} lift {t} tonnes", "can I lift {t} tonnes at {b}", "is the crane at {b} strong enough for {t} tonnes",
    "does the crane at {b} lift {t} tonnes", "I have {t} tonnes, can I use the crane at {b}",
    "can the crane at {b} take {t} tons", "{t} tonnes at {b}, is that ok", "is {t} tonnes too heavy for {b}")


@intent(3)
def lift(s):
    tonnes = s.number(1, 60) if s.chance(0.7) else s.pick([10, 20, 40, 11, 21, 41])
    crane = next((b for b in BERTHS if b.crane >= tonnes), None)
    question = s.ask(LIFT, t=tonnes)
    if crane is None:
        return Turn(question, s.say("{t} tonnes is too heavy. Our strongest cranes, at berth 5, lift 40 tonnes.",
                                    t=tonnes), ("too heavy", "40 tonnes"), ("berth", 5, "crane"))
    answer = s.say("For {t} tonnes [use|take] the crane at berth {n}: it lifts {x} tonnes.",
                   t=tonnes, n=crane.number, x=crane.crane)
    return Turn(question, answer, (f"berth {crane.number}",), ("berth", crane.number, "crane"))


@intent(2)
def lift_at(s):
    b, tonnes = s.pick(BERTHS), s.number(1, 60)
    question = s.ask(LIFT_AT, b=s.berth_name(b.number), t=tonnes)
    topic = ("berth", b.number, "crane")
    if b.crane == 0:
        return Turn(question, f"Berth {b.number} has no crane. It has {b.gear}.", ("no crane",), topic)
    if tonnes > b.crane:
        return Turn(question, f"No. The crane at berth {b.number} lifts {b.crane} tonnes, so {tonnes} tonnes is too "
                    "heavy.", ("too heavy", f"{b.crane} tonnes"), topic)
    return Turn(question, f"Yes. The crane at berth {b.number} lifts {b.crane} tonnes, so {tonnes} tonnes is fine.",
                ("fine", f"{b.crane} tonnes"), topic)


TUGS = Frames("how many tugs for a {s} of {l}", "do I need a tug for {l}", "how many tugs does a {l} {s} need",
              "my {s} is {l} long, do I need tugs", "tugs for {l}", "does a {l} {s} need a tug",
              "how many tugboats for {l}", "does a {s} of {l} need tugs", "tug for a {l} {s}")
PILOT = Frames("do I need a pilot for {l}", "does a {s} of {l} need a pilot", "my {s} is {l} long, do I need a pilot",
               "pilot for {l}", "is a pilot needed for a {l} {s}", "must a {l} {s} take a pilot",
               "do we need a pilot with {l}", "pilot for a {l} {s}")


@intent(2)
def tugs_for_length(s):
    length = s.pick([s.number(20, 260), 100 + s.number(-4, 4), 180 + s.number(-4, 4)])
    count = ["no tug", "one tug", "two tugs"][tugs(length)]
    answer = f"A ship of {length} m needs {count}."
    rule = " Ships over 100 m take one tug, ships over 180 m two."
    return Turn(s.ask(TUGS, l=metres(s, length), s=s.pick(SHIP_WORDS)), answer + (rule if s.chance(0.6) else ""),
                (f"needs {count}",), ("tugs", length))


@intent(2)
def pilot_for_length(s):
    length = s.pick([s.number(20, 260), 100 + s.number(-4, 4)])
    need = "needs a pilot" if length > PILOT_FROM else "needs no pilot"
    return Turn(s.ask(PILOT, l=metres(s, length), s=s.pick(SHIP_WORDS)),
                f"A ship of {length} m {need}. Ships over 100 m must take a pilot.", (need,), ("tugs", length))


@follow_up("tugs")
def tugs_again(s, length):
    new = s.number(20, 260)
    count = ["no tug", "one tug", "two tugs"][tugs(new)]
    return Turn(s.ask(Frames("and how many tugs for {l}", "tugs for {l}", "how many tugs with {l}"), l=metres(s, new)),
                f"A ship of {new} m needs {count}.", (f"needs {count}",), ("tugs", new))
