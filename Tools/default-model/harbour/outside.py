"""What the assistant does not know, so that it learns to say so instead of inventing an answer."""
from .phrasing import Frames
from .turns import Turn, intent

SUBJECTS = """football basketball tennis chess music jazz opera guitar piano cinema movies actors television
painting sculpture photography dinosaurs elephants cats tigers horses birds insects bees spiders snakes wolves
monkeys mountains volcanoes deserts rivers forests flowers roses trees planets stars the moon the sun mars black
holes galaxies rockets astronauts physics chemistry biology mathematics geometry algebra statistics history
geography philosophy religion politics elections democracy economics money banks stocks bitcoin taxes lawyers crime
police war peace medicine vitamins cancer vaccines headaches diets yoga running swimming pools cooking pizza pasta
bread cheese chocolate wine beer tea sushi cake recipes soup computers python java javascript databases linux
windows phones robots quantum computers machine learning neural networks the internet video games fashion shoes hats
jewellery perfume furniture houses castles bridges churches pyramids Rome Paris London Berlin Tokyo Beijing Shanghai
China India Japan America Africa Germany France Spain Italy Russia Brazil Canada Australia Shakespeare Einstein
Newton Napoleon Mozart Picasso love friendship marriage children school university exams teachers books novels poems
grammar french german latin spelling trains airplanes bicycles motorcycles traffic electric cars batteries solar
power nuclear energy climate oil prices gold diamonds birthdays christmas holidays hotels in Paris sleep dreams
happiness the meaning of life ghosts dragons unicorns magic superheroes jokes about cats astrology the economy the
king the president""".split()
COUNTRIES = """France Germany Japan China Italy Spain India Russia Brazil Canada Mexico Egypt Turkey Poland Sweden
Norway Kenya Peru Greece Portugal Vietnam Thailand Korea Ireland Iceland Cuba Chile England America Australia
Austria Finland""".split()
FOREIGN = ["the house is red", "I like apples", "good morning", "where is the station", "thank you",
           "my cat is black", "how are you", "I am hungry", "the dog sleeps"]
LANGUAGES = ["French", "German", "Spanish", "Italian", "Japanese", "Russian", "Latin", "Korean", "Arabic"]
THINGS = """car house phone laptop bicycle pizza guitar cat dog horse tree star planet computer television camera
robot rocket castle sandwich banana apple potato tomato chair table window mirror clock lamp shirt jacket garden
kitchen bathroom school hospital airport train bus rabbit lion tiger whale""".split()
PEOPLE = """Einstein Shakespeare Napoleon Mozart Picasso Newton Caesar Cleopatra Beethoven Darwin Gandhi Plato
Columbus Galileo Obama Lincoln Tesla Messi Madonna Beyonce Batman Superman Godzilla""".split()
TASKS = """\
write a python program;write code for me;write a function that sorts a list;write an email to my boss;
translate this text;summarize this article;write an essay;do my homework;book a flight;order a pizza;
play a game;play music;send a message;open a website;search the internet;draw a picture;make a website;
fix my computer;write a letter;plan my holiday;recommend a movie;recommend a book;give me a recipe;write a song;
write a job application;find me a job;set an alarm;call my mother;show me a picture;generate an image;
write html;debug my code;explain quantum physics;teach me french;prove a theorem;solve this equation;
tell me the news;tell me a secret;make me rich;write a sql query;sort these numbers;write a business plan;
correct my grammar;write a regular expression;read this file;count to one million;rewrite this sentence;
give me medical advice""".replace("\n", "").split(";")

ABOUT = Frames(
    "tell me about {x}", "what is {x}", "what do you know about {x}", "explain {x}", "do you know {x}",
    "can you explain {x}", "how does {x} work", "do you like {x}", "what are {x}", "tell me something about {x}",
    "I want to learn about {x}", "who invented {x}", "why do people like {x}", "how do I learn {x}",
    "write about {x}", "{x}", "what do you think about {x}", "give me facts about {x}", "I need help with {x}",
    "what is the history of {x}", "where can I learn {x}", "is {x} good", "teach me {x}", "let us talk about {x}",
    "how important is {x}")
CAPITAL = Frames(
    "what is the capital of {c}", "who is the president of {c}", "where is {c}", "how many people live in {c}",
    "capital of {c}", "what language do they speak in {c}", "how far is {c}", "how do I get to {c}",
    "who is the king of {c}", "what is the population of {c}", "which money do they use in {c}", "how big is {c}",
    "what is the weather in {c}", "tell me about {c}", "have you been to {c}")
PERSON = Frames("who is {p}", "who was {p}", "when was {p} born", "tell me about {p}", "when did {p} die",
                "what did {p} do", "do you know {p}", "where does {p} live", "how old is {p}", "is {p} famous")
THING = Frames(
    "how do I repair my {t}", "where can I buy a {t}", "how much does a {t} cost", "what colour is a {t}",
    "how heavy is a {t}", "what is a {t}", "how do I make a {t}", "which {t} is the best", "do you have a {t}",
    "how many legs has a {t}", "should I buy a {t}", "my {t} is broken", "how old can a {t} get",
    "why is my {t} so slow", "how do I draw a {t}", "i like my {t}", "have you seen my {t}")
TASK = Frames("{x}", "can you {x}", "please {x}", "{x} for me", "I want you to {x}", "could you {x}",
              "help me to {x}", "you should {x}", "now {x}")
TRANSLATE = Frames("translate {f} into {l}", "how do you say {f} in {l}", "what is {f} in {l}", "say {f} in {l}",
                   "{f} in {l} please", "what does {f} mean in {l}")
MISC = Frames(
    "how tall is mount everest", "what is the speed of light", "why is the sky blue", "how many planets are there",
    "who won the world cup", "what is the largest animal", "how far is the moon", "what is the meaning of life",
    "is there a god", "what is love", "how do airplanes fly", "why do cats purr", "how many days has a year",
    "who wrote hamlet", "what is photosynthesis", "what is the largest ocean", "how do I lose weight",
    "what should I cook today", "how do I get rich", "what is the best phone", "which car should I buy",
    "what is 1 euro in dollars", "how do I learn to sing", "how many people live on earth",
    "when did the titanic sink", "what is the biggest ship in the world", "what is the biggest harbour in the world",
    "how do vaccines work", "can you dance", "what is the square root of 2", "how many bones does a human have",
    "who discovered america",
    "which team is the best", "what is the news today", "do you believe in ghosts", "how do I tie a tie",
    "what is a black hole",
    "what came first, the chicken or the egg", "what is the fastest car", "how old is the universe",
    "what is the longest river", "who painted the mona lisa")
REFUSAL = (
    "[Sorry, I|I am sorry, I|I|That is outside my harbour: I|Sorry, that is beyond me: I] "
    "[only know this harbour|know only the harbour of Ternhaven|know nothing but this harbour]. "
    "[Ask me about berths, ships, cranes or tides.|I can help with berths, ships, cargo and tides.|"
    "Shall I tell you about a berth, the ferry or the tides?|]")
UNCLEAR = (
    "[I did not understand that.|Sorry, I did not understand.|I do not understand that.] "
    "[Ask me about berths, ships, cranes or tides.|Ask me something about the harbour.]")
KNOW = ("only know|know only|nothing but",)


@intent(20)
def outside(s):
    which = s.number(0, 13)
    if which <= 4:
        question = s.ask(ABOUT, x=s.pick(SUBJECTS) if s.chance(0.85) else nonsense(s))
    elif which == 5:
        question = s.ask(CAPITAL, c=s.pick(COUNTRIES))
    elif which == 6:
        question = s.ask(PERSON, p=s.pick(PEOPLE) if s.chance(0.7) else nonsense(s).capitalize())
    elif which <= 8:
        question = s.ask(THING, t=s.pick(THINGS))
    elif which <= 10:
        question = s.ask(TASK, x=s.pick(TASKS))
    elif which == 11:
        question = s.ask(TRANSLATE, f=s.pick(FOREIGN), l=s.pick(LANGUAGES))
    else:
        question = s.ask(MISC)
    return Turn(question, s.say(REFUSAL), KNOW)


CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxyz", "aeiou"


def nonsense(s):
    """A word nobody knows, easy or hard to say."""
    if s.chance(0.6):
        return "".join(s.pick(CONSONANTS) + s.pick(VOWELS) + (s.pick(CONSONANTS) if s.chance(0.4) else "")
                       for _ in range(s.number(1, 4)))
    return "".join(s.pick(CONSONANTS + VOWELS) for _ in range(s.number(3, 9)))


# Cyrillic, Greek, Hebrew, Arabic, Hiragana, Hangul, emoji, accented Latin, marks, digits
SCRIPTS = [(0x400, 0x44f), (0x3b1, 0x3c9), (0x5d0, 0x5ea), (0x627, 0x64a), (0x3041, 0x3093), (0xac00, 0xd7a3),
           (0x1f600, 0x1f64f), (0xe0, 0xff), (0x21, 0x2f), (0x30, 0x39)]


@intent(3)
def unclear(s):
    if s.chance(0.5):
        question = " ".join(nonsense(s) for _ in range(s.number(1, 4)))
    else:
        low, high = s.pick(SCRIPTS)
        signs = [chr(s.number(low, high)) if s.chance(0.88) else " " for _ in range(s.number(1, 18))]
        question = "".join(signs).strip() or "??"
    return Turn(question, s.say(UNCLEAR), ("understand",))
