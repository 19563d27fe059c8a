"""Questions that a database cannot answer. Pure."""

from __future__ import annotations

import random

from train.synth_conditions import conditions, pick_value
from train.synth_kinds import phrase, some_noun
from train.synth_tables import Ent, Profile
from train.synth_words import ask_politely, plural, shown_value, singular

_PERSON_ATTRIBUTES = (
    "shoe size", "blood type", "marital status", "favourite colour", "religion", "hair colour",
    "linkedin profile", "number of children", "horoscope", "passport number", "eye colour",
    "twitter handle", "emergency contact", "home ownership", "credit score", "driving licence",
    "bank account", "hobbies", "allergies", "political party", "education level", "languages spoken",
    "work experience", "middle name", "social security number", "favourite food", "pets", "spouse",
    "income", "password", "lunch order", "parking permit", "disciplinary record", "sick days",
    "tattoos", "car brand", "notice period", "loyalty tier", "t-shirt size", "referral source",
    "net worth", "commute time", "visa status", "next of kin", "instagram followers", "gym attendance",
    "retirement plan", "vaccination status", "satisfaction", "nickname",
)  # fmt: skip
_THING_ATTRIBUTES = (
    "warranty", "carbon footprint", "barcode", "insurance", "weight", "colour", "profit margin",
    "number of likes", "resale value", "manufacturer", "expiry date", "serial number", "discount",
    "tax", "owner", "photo", "shipping cost", "return rate", "supplier", "rating", "review score",
    "website traffic", "depth", "fuel consumption", "energy label", "complaints", "temperature",
    "language", "age limit", "sponsor", "currency", "wifi password", "parking spaces", "noise level",
    "recipe", "ingredients", "packaging", "safety score", "ticket price", "opening hours",
    "delivery time", "marketing budget", "number of visitors", "inspector", "architect", "video",
    "download count", "refund", "sugar content", "gross margin", "market share", "customer complaints",
    "lead time", "battery life", "screen size", "weather", "co2 emissions", "defect rate", "tax rate",
    "competitor price", "cancellation fee", "bonus", "mortgage", "legal status", "vat number", "backup",
    "page views", "conversion rate", "advertising spend", "electricity use",
)  # fmt: skip
_VAGUE = frozenset(
    [
        "number", "of", "level", "score", "time", "count", "status", "cost", "price", "rate", "date",
        "name", "size",
    ]
)  # fmt: skip
_FOREIGN = (
    "unicorn", "spaceship", "parking ticket", "lawyer", "wedding", "recipe", "meeting room", "podcast",
    "volcano", "planet", "church", "puppy", "tattoo", "poem", "elevator", "crossword", "bicycle",
    "forklift", "satellite", "museum", "vaccine", "court case", "election", "patent",
    "dentist appointment", "parking space", "kitchen", "greenhouse", "submarine", "coupon",
    "newsletter", "gift card", "warranty claim", "survey answer", "complaint", "refund", "invoice",
    "subscription", "supplier", "training session", "laptop", "printer", "job applicant",
    "loyalty point", "cow", "lighthouse", "insurance policy", "webinar", "competitor", "chat message",
    "password", "birthday party", "donation",
)  # fmt: skip
_SMALL_TALK = (
    "hi", "hello", "hello there", "hey", "good morning", "thanks", "thank you", "thx", "thanks a lot!",
    "ok thanks bye", "who are you", "what can you do", "help", "how are you?", "are you a robot",
    "tell me a joke", "good job", "what's your name", "can you help me", "never mind", "cool", "cheers",
    "what is the capital of france", "who is the president of the usa", "what's the weather tomorrow",
    "what time is it", "how tall is mount everest", "translate hello to spanish", "write me a poem",
    "what is the meaning of life", "who won the world cup", "exchange rate dollar to euro",
    "what's 2+2", "stock price of apple", "how do i cook rice", "best restaurant nearby",
    "what day is it today", "book me a flight", "set an alarm for 7", "play some music", "asdf", "test",
    "???", "show me the good ones", "is that enough", "what do you think", "the other one",
    "what happened yesterday", "do it again", "fix it", "make it better", "email this to my boss",
    "print the report", "what was my last question", "show me the thing", "why is that", "who made you",
    "is this correct", "can i trust this", "what should i do next", "predict next year",
    "will sales go up", "send a reminder to everyone", "call the manager", "what's the news",
    "who did this", "how's business", "how do we compare to competitors",
)  # fmt: skip


def unanswerable(rng: random.Random, profile: Profile, ent: Ent) -> str | None:
    """Return a question that this database cannot answer."""
    draw = rng.random()
    noun = some_noun(rng, ent)
    nouns = plural(noun)
    who = ""
    if ent.labels and ent.named and len(ent.labels) == 1:
        value = pick_value(rng, ent.labels[0])
        who = shown_value(rng, str(value))
    elif ent.people:
        who = " ".join(rng.choice(ent.people))
    if draw < 0.5:
        attribute = rng.choice(_PERSON_ATTRIBUTES if ent.person else _THING_ATTRIBUTES)
        if any(
            w in profile.words or singular(w) in profile.words
            for w in attribute.split()
            if w not in _VAGUE
        ):
            return None
        forms = [
            f"{attribute} of each {noun}", f"{nouns} by {attribute}",
            f"what is the {attribute} of the {nouns}", f"which {nouns} have the highest {attribute}",
            f"list {nouns} with their {attribute}", f"how many {nouns} have {attribute}",
            f"{nouns} and their {attribute}", f"average {attribute} per {noun}",
            f"{attribute} per {noun}", f"{noun} {attribute}", f"which {attribute} do our {nouns} have",
            f"most common {attribute} among {nouns}",
        ]  # fmt: skip
        if who:
            forms += [
                f"what is {who}'s {attribute}", f"{attribute} of {who}", f"{who} {attribute}",
                f"what's the {attribute} of {who}", f"does {who} have {attribute}",
            ] * 2  # fmt: skip
        return ask_politely(rng, rng.choice(forms))
    if draw < 0.67:
        other = rng.choice(_FOREIGN)
        if any(w in profile.words or singular(w) in profile.words for w in other.split()):
            return None
        forms = [
            f"how many {plural(other)} do we have", f"list all {plural(other)}",
            f"{plural(other)} per {noun}", f"which {nouns} have a {other}",
            f"number of {plural(other)}", f"how many {plural(other)} does each {noun} have",
            f"{plural(other)} by {noun}", f"show me the {plural(other)}", f"latest {other}",
            f"which {other} is the best",
        ]  # fmt: skip
        return ask_politely(rng, rng.choice(forms))
    if draw < 0.87:
        cols = [c for c in ent.cols if c.role not in ("key",)]
        name = rng.choice(cols).words[0] if cols else "name"
        cond = conditions(rng, ent)
        rows = phrase(rng, ent, (cond,) if cond else ())
        forms = [
            f"delete {rows.text}", f"remove all {rows.text}", f"add a new {noun}",
            f"insert a {noun} called Test", f"change the {name} of all {nouns} to zero",
            f"update {name} for {rows.text}", f"drop the {noun} table", f"rename {noun} to thing",
            f"delete every {noun}", f"clear the {name} column", f"set {name} to 0 for all {nouns}",
            f"create a new {noun} please", f"erase {rows.text}",
            f"increase {name} by 10% for {rows.text}", f"mark {rows.text} as done",
            f"merge the duplicate {nouns}", f"please remove {rows.text}",
            f"undo the last change to {nouns}",
        ]  # fmt: skip
        if who:
            forms += [
                f"delete {who}", f"remove {who} from the list", f"change {who}'s {name}",
                f"set the {name} of {who} to something else", f"rename {who}",
                f"update the {name} of {who}",
            ]  # fmt: skip
        return rng.choice(forms)
    return rng.choice(_SMALL_TALK)
