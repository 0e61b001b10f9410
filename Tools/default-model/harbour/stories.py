"""Short stories, poems and jokes, told by a grammar that keeps its people and ships straight."""
from .phrasing import Frames
from .turns import Turn, follow_up, intent

STORY = Frames(
    "tell me a story", "a story please", "write a story", "can you tell me a story", "tell me a short story", "story",
    "write me a story about the sea", "tell me a story about a ship", "once upon a time", "I want to hear a story",
    "write a short story", "tell a tale", "tell me a bedtime story", "do you know a story", "make up a story",
    "tell me a story about {x}", "write a story about {x}", "a story about {x}", "a story about {x} please",
    "read me a story", "write a text about the harbour")
POEM = Frames(
    "write a poem", "tell me a poem", "a poem please", "write a poem about the sea", "can you write a poem", "poem",
    "write me a poem about ships", "do you know a poem", "make a rhyme", "write a short poem", "say something poetic",
    "a poem about the harbour", "poem about {x}", "write a poem about {x}", "write a haiku", "sing a song")
JOKE = Frames(
    "tell me a joke", "joke", "do you know a joke", "make me laugh", "say something funny", "another joke",
    "can you tell me a joke", "a joke please", "tell me something funny", "know any jokes", "tell me a funny story",
    "can you be funny")
ANOTHER = Frames("another one", "one more", "again", "another", "more", "next", "tell me another one",
                 "one more please", "and another")

HEROES = ["Mara", "Tom", "old Henrik", "Lena", "little Pia", "Captain Brandt", "Ada", "Jonas", "Nils", "Rosa"]
PRONOUNS = {"Mara": "she", "Lena": "she", "little Pia": "she", "Ada": "she", "Rosa": "she"}
BOATS = ["fishing boat", "sailing boat", "pilot boat"]
BOAT_NAMES = ["Heron", "Swallow", "Sea Rose", "Pepper", "Lantern", "Button", "Thistle"]
WISHES = {
    "the boat had no wind": ("waited the whole morning", "the wind came back in the afternoon"),
    "a thick fog came in": ("could not see the quay", "the lighthouse flashed and showed the way"),
    "the engine stopped": ("drifted past the breakwater", "the tug Badger came and threw a line"),
    "a big storm came up": ("held the wheel with both hands", "the storm grew tired and the sea was calm again"),
    "a young seal followed the boat": ("threw it a herring", "the seal showed where the fish were"),
    "a box fell into the water": ("fished it out with a long hook", "it was full of oranges for the whole crew"),
    "a gull stole the breakfast": ("laughed and shared the bread", "the gull came every day and sat on the mast"),
    "the tide ran out too early": ("sat on the sand and waited", "the water rose again and lifted the boat"),
}
ENDS = ["In the evening {he} tied the {n} up at berth {b} and slept well.",
        "When {he} came home, everybody on the quay waved.",
        "Since that day {he} always checks the tide twice.", "That evening there was fish soup for everybody at "
                                                             "the Blue Anchor.",
        "And the {n} was the proudest {boat} in Ternhaven.", "{He} wrote it all down in the log and smiled."]


def story_text(s):
    hero = s.pick(HEROES)
    he = PRONOUNS.get(hero, "he")
    boat, name = s.pick(BOATS), s.pick(BOAT_NAMES)
    trouble = s.pick(list(WISHES))
    then, end = WISHES[trouble]
    start = s.say("[One morning|Early one day|One cold winter day|On a quiet Sunday|Long ago] {hero} [left "
                  "Ternhaven|sailed out of the harbour|went to sea] "
                  "in [a small|a red|an old|a blue] {boat} called {n}.", hero=hero, boat=boat, n=name)
    middle = s.say("[The sea was calm and the gulls were loud.|The water was grey and cold.|The sun came up behind "
                   "the lighthouse.|] "
                   "[Suddenly|After an hour|Near Gull Island|At noon] {t}.", t=trouble)
    turn = s.say("{He} {then}, [until|and then|and at last] {end}.", He=he.capitalize(), then=then, end=end)
    close = s.pick(ENDS).format(he=he, He=he.capitalize(), n=name, boat=boat, b=1)
    return " ".join([start, middle, turn, close])


POEMS = [
    ("The tide comes in, the tide goes out,", "the gulls fly low and scream about,",
     "the ropes are tight, the night is long,", "the sea still hums its quiet song."),
    ("A little ship came home tonight", "and found the harbour by its light.",
     "The quay was wet, the wind was cold,", "its crates were full of fish and gold."),
    ("Six berths lie waiting, side by side,", "for every ship on every tide.",
     "The cranes look up, the ropes hang low,", "and out at sea the lanterns glow."),
    ("The fog is white, the bell is near,", "the pilot whispers: bring her here.",
     "The lines fly over, soft and slow,", "and now the ship has time to grow."),
    ("Blow, wind, but gently on the bay,", "the ferry still must cross today.",
     "She carries bread and news and tea", "to Gull Island across the sea."),
]
JOKES = [
    "Why do ships never get lost in Ternhaven? There are only six berths!",
    "What did the sea say to the ship? Nothing, it just waved.",
    "Why did the crane go to the office? It wanted a lift.",
    "Why is the tide so punctual? It has had a lot of practice.", "What is a tug's favourite game? Tug of war.",
    "Why did the crab not share its cabin? It was a little shellfish.",
    "How does the harbour say hello? It makes waves.",
]
TOPICS = ["a dragon", "a cat", "a dog", "a tugboat", "a captain", "a seal", "a storm", "a princess", "a fish",
          "a lighthouse", "the moon", "a robot", "a pirate", "a whale", "love", "a girl", "a boy", "a gull",
          "the ferry", "spring", "winter", "my mother", "a king", "a mouse"]


@intent(6)
def story(s):
    return Turn(s.ask(STORY, x=s.pick(TOPICS)), story_text(s), (".",), ("story",))


@intent(3)
def poem(s):
    return Turn(s.ask(POEM, x=s.pick(TOPICS)), "\n".join(s.pick(POEMS)), (",",), ("poem",))


@intent(3)
def joke(s):
    return Turn(s.ask(JOKE), s.pick(JOKES), (), ("joke",))


@follow_up("story")
def another_story(s):
    return Turn(s.ask(ANOTHER), story_text(s), (), ("story",))


@follow_up("poem")
def another_poem(s):
    return Turn(s.ask(ANOTHER), "\n".join(s.pick(POEMS)), (), ("poem",))


@follow_up("joke")
def another_joke(s):
    return Turn(s.ask(ANOTHER), s.pick(JOKES), (), ("joke",))
