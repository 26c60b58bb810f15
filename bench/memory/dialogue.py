"""The labelled set: two people talk over many sessions; some of what they say is asked for later, in other words."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SPEAKERS = ("Nora", "Ivan")
BEGINNING = datetime(2024, 1, 8, 18, 0, tzinfo=UTC)
SESSIONS = 60

# What is said once with each choice of words; what is asked about it with other words.
# ruff: noqa: E501 -- one thing a line
FACTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("I finally adopted a {}, the shelter called this morning.", "Which animal did {who} take in as a pet?", ("greyhound", "tabby kitten", "parrot", "tortoise")),
    ("We are moving to {} because of the new post.", "Which city is {who} relocating to?", ("Lisbon", "Graz", "Tampere", "Valencia")),
    ("My sister got engaged to a {} last weekend.", "What is the profession of the fiancé of {who}'s sister?", ("carpenter", "pilot", "dentist", "beekeeper")),
    ("I can't eat {} any more, my throat swells up.", "Which food is {who} allergic to?", ("walnuts", "shellfish", "celery", "sesame")),
    ("I've started lessons on the {}, my fingers hurt.", "What musical instrument is {who} learning?", ("cello", "banjo", "accordion", "oboe")),
    ("The doctor says my {} needs an operation.", "Which part of the body does {who} need surgery on?", ("left knee", "wrist", "shoulder", "hip")),
    ("I sold the old car and bought a {}.", "What vehicle does {who} own now?", ("cargo bike", "camper van", "scooter", "pickup")),
    ("For my birthday they gave me a {}.", "What present did {who} receive?", ("telescope", "pottery wheel", "hammock", "pocket watch")),
    ("I quit the bank to become a {}.", "What is {who}'s new career?", ("florist", "park ranger", "baker", "teacher")),
    ("I'm reading a thick book about {} at the moment.", "What topic is {who} studying in print?", ("octopuses", "the Silk Road", "bridges", "mushrooms")),
    ("On Sundays I always {} with my father.", "Which weekly habit does {who} share with a parent?", ("play chess", "go fishing", "bake bread", "watch football")),
    ("I dropped my {} into the lake, what a day.", "What possession did {who} lose in the water?", ("phone", "wedding ring", "glasses", "camera")),
    ("My neighbour keeps complaining about my {}.", "Why is the person next door annoyed with {who}?", ("drum kit", "rooster", "barbecue", "roses")),
    ("I won second prize with my {} at the fair.", "What earned {who} an award?", ("pumpkin", "plum jam", "watercolour", "rabbit")),
    ("I'm terrified of {}, I had to leave the room.", "What is {who} scared of?", ("spiders", "needles", "balloons", "thunder")),
    ("We booked two weeks in {} for the summer.", "Where is {who} going on vacation?", ("Iceland", "Sardinia", "Morocco", "the Azores")),
    ("My grandmother taught me to make {}.", "Which dish does {who} cook from a family recipe?", ("dumplings", "goulash", "lentil soup", "poppy seed cake")),
    ("I lent my brother money for his {}.", "What did {who} help a sibling pay for?", ("bakery", "divorce lawyer", "motorbike", "roof")),
    ("My flight was cancelled and I slept in {}.", "Where was {who} stranded overnight?", ("Frankfurt", "a bus station", "Oslo", "a chapel")),
    ("I signed up for a {} in October.", "What sporting challenge did {who} register for?", ("marathon", "triathlon", "swim across the lake", "climbing course")),
    ("My boss wants me to learn {} by spring.", "Which skill is expected of {who} at the workplace?", ("Japanese", "welding", "bookkeeping", "sign language")),
    ("We painted the kitchen {} and regret it.", "What colour did {who} choose when decorating?", ("turquoise", "mustard", "purple", "black")),
    ("Our daughter wants to study {} abroad.", "Which subject interests {who}'s child?", ("astronomy", "veterinary medicine", "law", "puppetry")),
    ("The basement flooded and ruined my {}.", "What did {who} lose to the damage at home?", ("vinyl records", "sewing machine", "wine", "photo albums")),
    ("I've been volunteering at the {} since March.", "Where does {who} help out for free?", ("hospice", "animal shelter", "fire brigade", "library")),
    ("I stopped drinking {} a month ago.", "Which beverage did {who} give up?", ("coffee", "beer", "cola", "black tea")),
)  # fmt: skip
CHATTER = (
    "How was your day?", "Not bad, I was at the {} again.", "The {} was closed, typical.", "Haha, that sounds like you.",
    "Did you see the {} on the news?", "I was thinking about the {} all morning.", "Let's talk tomorrow.",
    "Somebody at work brought a {}.", "I can't decide about the {} yet.", "Good morning! Did you sleep well?",
    "You should really try the {}.", "It rained the whole afternoon, so I cleaned the {}.", "What do you think?",
    "My friend told me a long story about a {}.", "I agree, completely.", "That reminds me of the {} we once saw.",
)  # fmt: skip
THINGS = (
    "market", "garden", "parade", "museum", "elevator", "festival", "bakery", "tram", "swimming pool", "concert", "sofa",
    "window", "election", "storm", "cat", "bicycle", "recipe", "phone", "holiday", "doctor", "car", "book", "dentist",
    "kitchen", "lake", "birthday", "flight", "prize", "soup", "camera", "teacher", "coffee", "shelter", "brother",
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """Something that was said."""

    key: str
    speaker: str
    session: str
    said_at: datetime
    text: str


@dataclass(frozen=True)
class Question:
    """A question, and the one item that answers it."""

    text: str
    answer: str


def made(seed: int = 7) -> tuple[list[Item], list[Question]]:
    """Everything that was said, and what is asked of it."""
    chance = random.Random(seed)
    planned = [
        (fact, choice, who)
        for fact in FACTS
        for who, choice in zip(SPEAKERS * 2, _shuffled(chance, fact[2]), strict=True)
    ]
    questions_of = _questions(chance, planned)
    chance.shuffle(planned)
    items: list[Item] = []
    questions: list[Question] = []
    for number in range(SESSIONS):
        lines = [(_chatter(chance), chance.choice(SPEAKERS), "") for _ in range(chance.randint(22, 28))]
        for fact, choice, who in planned[number::SESSIONS]:
            lines.insert(chance.randrange(len(lines)), (fact[0].format(choice), who, fact[0] + choice))
        day = BEGINNING + timedelta(days=number * 6 + chance.randint(0, 3))
        for place, (text, who, label) in enumerate(lines):
            key = f"s{number}-{place}"
            items.append(Item(key, who, f"session-{number}", day + timedelta(minutes=place), text))
            asked = questions_of.get(label, ())
            questions += [Question(one.replace("{day}", f"{day:%d %B %Y}"), key) for one in asked]
    return items, questions


def _questions(
    chance: random.Random, planned: list[tuple[tuple[str, str, tuple[str, ...]], str, str]]
) -> dict[str, list[str]]:
    """For each thing that is said: a question in other words, and one that has a word of it."""
    found = {}
    for (said, asked, _), choice, who in planned:
        word = chance.choice([one for one in said.split() if len(one) > 3 and "{" not in one]).strip(".,")
        about = asked.format(who=who)
        found[said + choice] = [
            f"{about[:-1]}, as mentioned around {{day}}?",
            f"What did {who} say about {choice} and “{word}”?",
        ]
    return found


def _shuffled(chance: random.Random, choices: tuple[str, ...]) -> list[str]:
    return chance.sample(choices, len(choices))


def _chatter(chance: random.Random) -> str:
    return chance.choice(CHATTER).format(chance.choice(THINGS))
