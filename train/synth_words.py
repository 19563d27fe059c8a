"""English for schema names: abbreviations written out, plurals, synonyms, numbers, casual typing. Pure."""

from __future__ import annotations

import random
import re

from t2s.words import name_words

_ABBREVIATIONS = dict(
    pair.split("=")
    for pair in [
        "qty=quantity", "amt=amount", "dt=date", "nm=name", "cust=customer", "cd=code",
        "desc=description", "dsc=description", "descr=description", "addr=address", "dept=department",
        "emp=employee", "prc=price", "cnt=count", "flg=flag", "st=start", "sts=status", "stat=status",
        "ctry=country", "cntry=country", "cty=city", "tel=phone", "ph=phone", "eml=email",
        "mgr=manager", "acct=account", "acc=account", "txn=transaction", "trx=transaction",
        "trans=transaction", "inv=invoice", "ins=insurance", "prod=product", "prd=product",
        "cat=category", "ctgry=category", "catg=category", "typ=type", "pmt=payment", "pymt=payment",
        "ord=order", "ordr=order", "sal=salary", "num=number", "nbr=number", "no=number", "yr=year",
        "mth=month", "mon=month", "hrs=hours", "hr=hour", "mins=minutes", "avg=average", "tot=total",
        "max=maximum", "min=minimum", "temp=temperature", "tmp=temperature", "bal=balance",
        "bdgt=budget", "ctr=contractor", "cntr=contract", "prj=project", "proj=project", "cl=client",
        "mbr=member", "pln=plan", "eqp=equipment", "trnr=trainer", "cls=class", "att=attendance",
        "obs=observation", "stn=station", "mnt=maintenance", "tech=technician", "alrt=alert",
        "sev=severity", "whs=warehouse", "loc=location", "itm=item", "supp=supplier", "vend=vendor",
        "trd=trade", "sec=security", "px=price", "div=dividend", "rcv=receipt", "shp=shipment",
        "stk=stock", "sku=sku", "uom=unit", "rt=rate", "rtg=rating", "ttl=title", "pos=position",
        "lvl=level", "grp=group", "org=organisation", "gndr=gender", "sx=sex", "birth=birth",
        "dob=birth", "jn=join", "prch=purchase", "exp=expiry", "pd=paid", "upd=updated", "crt=created",
        "regn=region", "rl=role", "mths=months", "opn=opening", "brkr=broker", "zip=zip",
        "lat=latitude", "lon=longitude", "lng=longitude", "len=length", "wt=weight", "ht=height",
        "dist=distance", "dur=duration", "spd=speed", "pct=percent", "perc=percent", "disc=discount",
        "rev=revenue", "util=utilisation", "fac=faculty", "stu=student", "crs=course", "cred=credits",
        "sem=semester", "bldg=building", "rm=room", "apt=apartment", "apts=apartments",
        "cond=condition", "chg=change", "apprv=approved", "tmsht=timesheet", "ot=overtime", "wrk=work",
        "ctct=contact", "cmt=comment", "cmnt=comment", "mfr=manufacturer", "mfg=manufacturer",
        "own=owner", "auth=author", "pub=publisher", "ref=reference", "spclty=specialty",
        "elev=elevation", "wnd=wind", "hum=humidity", "prcp=precipitation", "tmp=temperature",
        "eng=engine", "trans=transmission", "veh=vehicle", "drv=driver", "dest=destination",
        "dep=departure", "arr=arrival", "orig=origin", "pax=passengers", "flt=flight", "freq=frequency",
        "mkt=market", "pop=population", "natl=national", "intl=international", "info=information",
        "est=estimated", "act=actual", "sched=scheduled", "ext=exterior", "exp=expense", "subj=subject",
        "msg=message", "usr=user", "pwd=password", "pts=points", "req=request", "sup=supplier",
        "unt=unit", "cst=cost", "ld=lead", "tm=time", "dys=days", "rgn=region", "iss=issue",
        "yrs=years", "prov=province", "enr=enrollment", "wthr=weather", "lname=last_name",
        "fname=first_name", "firstname=first_name", "lastname=last_name", "stuid=student_id",
        "facid=faculty_id", "dormid=dorm_id", "aid=aircraft_id", "resp=response", "sgn=signed",
    ]
)  # fmt: skip
_PAIRS = {
    ("st", "dt"): "start date",
    ("st", "nm"): "street name",
    ("hr", "rt"): "hourly rate",
    ("hr", "dt"): "hire date",
    ("lead", "tm"): "lead time",
    ("ph", "no"): "phone number",
    ("qty", "oh"): "quantity on hand",
    ("px", "cls"): "closing price",
    ("px", "opn"): "opening price",
    ("px", "hi"): "high price",
    ("px", "lo"): "low price",
    ("avg", "cst"): "average cost",
    ("yrs", "exp"): "years of experience",
    ("qty", "rcv"): "quantity received",
    ("exp", "dt"): "expiry date",
    ("f", "nm"): "first name",
    ("l", "nm"): "last name",
    ("f", "name"): "first name",
    ("l", "name"): "last name",
    ("co", "nm"): "company name",
    ("trd", "dt"): "trade date",
}
UNITS = {
    "kg": "kg", "g": "grams", "km": "km", "mi": "miles", "miles": "miles", "min": "minutes",
    "mins": "minutes", "minutes": "minutes", "hrs": "hours", "hours": "hours", "days": "days",
    "usd": "dollars", "eur": "euros", "gbp": "pounds", "ha": "hectares", "kwh": "kWh", "cm": "cm",
    "mm": "mm", "pct": "percent", "percent": "percent", "sec": "seconds", "seconds": "seconds",
    "ml": "ml", "lb": "pounds", "lbs": "pounds", "m": "metres", "sqm": "square metres", "$": "dollars",
    "£": "pounds", "€": "euros", "%": "percent", "hp": "hp", "c": "degrees", "kmh": "km/h",
    "mbps": "mbps", "mb": "mb", "gb": "gb", "kw": "kW", "l": "litres",
}  # fmt: skip
_SYMBOLS = frozenset("#$%€£")
_IRREGULAR = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "staff": "staff",
    "foot": "feet", "datum": "data", "medium": "media", "criterion": "criteria", "series": "series",
    "species": "species", "equipment": "equipment", "information": "information", "data": "data",
    "stock": "stock", "news": "news", "fish": "fish", "sheep": "sheep", "aircraft": "aircraft",
    "maintenance": "maintenance", "attendance": "attendance", "inventory": "inventory",
    "history": "history", "media": "media", "analysis": "analyses", "status": "statuses",
    "bus": "buses", "gas": "gases", "campus": "campuses", "address": "addresses", "quiz": "quizzes",
    "leaf": "leaves", "shelf": "shelves", "knife": "knives", "wife": "wives", "half": "halves",
    "hero": "heroes", "potato": "potatoes", "music": "music", "revenue": "revenue",
    "traffic": "traffic", "census": "censuses", "virus": "viruses", "weather": "weather",
    "software": "software", "hardware": "hardware", "feedback": "feedback", "luggage": "luggage",
    "furniture": "furniture",
}  # fmt: skip
_SINGULARS = {plural: singular for singular, plural in _IRREGULAR.items()} | {
    "movies": "movie", "cookies": "cookie", "ties": "tie", "aliases": "alias", "houses": "house",
    "courses": "course", "nurses": "nurse", "horses": "horse", "cases": "case", "purchases": "purchase",
    "expenses": "expense", "responses": "response", "leases": "lease", "licenses": "license",
    "warehouses": "warehouse", "databases": "database", "phases": "phase", "releases": "release",
    "bases": "base", "diseases": "disease", "franchises": "franchise", "enterprises": "enterprise",
    "exercises": "exercise", "caches": "cache", "niches": "niche", "causes": "cause", "uses": "use",
    "increases": "increase", "spouses": "spouse", "shoes": "shoe", "glasses": "glasses", "axes": "axis",
    "prizes": "prize", "sizes": "size", "genres": "genre", "selfies": "selfie",
}  # fmt: skip
_NUMBER_WORDS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
]  # fmt: skip
# Nouns whose synonym names the same rows.
_TABLE_SYNONYMS = {
    "customer": ("client",), "client": ("customer",), "employee": ("staff member", "worker"),
    "order": ("purchase",), "product": ("item",), "item": ("product",), "film": ("movie",),
    "movie": ("film",), "vendor": ("supplier",), "supplier": ("vendor",), "doctor": ("physician",),
    "physician": ("doctor",), "car": ("vehicle",), "shop": ("store",), "store": ("shop",),
    "instructor": ("teacher",), "teacher": ("instructor",), "student": ("pupil",), "song": ("track",),
    "track": ("song",), "transaction": ("txn",), "flight": ("flight",), "apartment": ("flat",),
    "visitor": ("guest",), "member": ("member",), "singer": ("vocalist",), "author": ("writer",),
    "company": ("firm",), "department": ("dept", "team"), "city": ("town",), "country": ("nation",),
    "shipment": ("delivery",), "course": ("class",), "lecturer": ("teacher",), "staff": ("employee",),
    "comment": ("remark",), "pet": ("animal",), "college": ("college",), "ticket": ("ticket",),
}  # fmt: skip
_COLUMN_SYNONYMS = {
    "price": ("cost",), "cost": ("price",), "salary": ("pay", "earnings"), "wage": ("pay",),
    "quantity": ("units", "number of units"), "city": ("town",), "phone": ("phone number", "telephone"),
    "phone number": ("phone", "tel"), "email": ("e-mail", "email address"), "email address": ("email",),
    "type": ("kind",), "category": ("type", "group"), "description": ("details",),
    "country": ("nation",), "duration": ("length",), "rating": ("score",), "score": ("points",),
    "job title": ("job", "role"), "gender": ("sex",), "sex": ("gender",),
    "nationality": ("country of origin",), "population": ("number of inhabitants",),
    "birth date": ("date of birth", "birthday"), "amount": ("value",), "colour": ("color",),
    "color": ("colour",), "capacity": ("size",), "location": ("place",), "address": ("address",),
    "comment": ("remark",), "revenue": ("income", "turnover"), "department name": ("department",),
    "specialty": ("speciality",), "home city": ("city",), "horsepower": ("hp",),
    "mpg": ("miles per gallon",), "weight": ("weight",),
}  # fmt: skip
_LOCATION = frozenset(
    [
        "city", "town", "country", "state", "region", "county", "location", "province", "district",
        "nationality", "hometown", "continent", "place", "area", "neighborhood", "neighbourhood",
        "ward", "borough", "suburb",
    ]
)  # fmt: skip
_ADJECTIVES = frozenset(
    [
        "active", "vegan", "organic", "public", "open", "internal", "external", "premium", "paid",
        "full", "new", "used", "free", "available", "valid", "emergency", "vegetarian", "retired",
        "domestic", "electric", "official", "permanent", "remote", "urgent", "critical", "veteran",
        "married", "single", "local", "foreign", "current", "default", "primary", "mandatory",
        "optional", "online", "spicy", "alive", "dead", "recurring", "digital", "manual", "automatic",
        "successful", "late", "overdue", "taxable", "fragile", "virtual",
    ]
)  # fmt: skip


def written_out(name: str) -> str:
    """Return a schema name as lower-case words with abbreviations written out and symbols dropped."""
    text = re.sub(r"#\s*of\b", "number of", name, flags=re.IGNORECASE)
    text = re.sub(r"(?<=[a-z])\s*#", " number", text)
    words = [w for w in name_words(text).split() if w not in _SYMBOLS]
    out: list[str] = []
    index = 0
    while index < len(words):
        pair = _PAIRS.get(tuple(words[index : index + 2]))  # type: ignore[arg-type]
        if pair and not (pair == "start date" and index):
            out.append(pair)
            index += 2
            continue
        word = words[index]
        out.append(_ABBREVIATIONS.get(word, word) if len(words) > 1 or len(word) > 1 else word)
        index += 1
    return " ".join(out).replace("_", " ") or name.lower()


def split_unit(name: str) -> tuple[str, str]:
    """Return the name without a unit at its end ("weight_kg", "Price ($)") and the unit in words."""
    found = re.search(r"\s*[(\[]\s*([^)\]]+?)\s*[)\]]\s*$", name)
    inside = found.group(1).lower().replace("us$", "$") if found else ""
    if found and (inside in UNITS or re.fullmatch(r"[\d\W]*|y/n|local|.*/.*|sq m|°[cf]", inside)):
        return name[: found.start()] or name, UNITS.get(inside, "")
    if found:
        return f"{found.group(1)} {name[: found.start()]}", ""
    words = name_words(name).split()
    if len(words) > 1 and words[-1] in UNITS and words[-2] not in ("per", "in", "of"):
        if words[-1] in ("c", "m", "g") and len(words[-2]) < 3:
            return name, ""
        cut = re.search(re.escape(words[-1]) + r"\W*$", name, re.IGNORECASE)
        if cut and cut.start() > 1:
            return name[: cut.start()].rstrip("_ "), UNITS[words[-1]]
    return name, ""


def singular(phrase: str) -> str:
    """Return a noun phrase with its last word in the singular."""
    head, _, word = phrase.rpartition(" ")
    if word in _SINGULARS:
        word = _SINGULARS[word]
    elif word in _IRREGULAR or len(word) < 4 or word.endswith(("ss", "us", "is")):
        pass
    elif word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith(("ches", "shes", "xes", "sses", "zzes")):
        word = word[:-2]
    elif word.endswith("s"):
        word = word[:-1]
    return f"{head} {word}".strip()


def plural(phrase: str) -> str:
    """Return a noun phrase with its last word in the plural ("date of birth": its first)."""
    before, of, after = phrase.partition(" of ")
    if of:
        return f"{plural(before)}{of}{after}"
    head, _, word = phrase.rpartition(" ")
    if word in _IRREGULAR:
        word = _IRREGULAR[word]
    elif word in _SINGULARS or word.endswith("people") or re.search(r"[^sui]s$", word):
        pass
    elif re.search(r"[^aeiou]y$", word):
        word = word[:-1] + "ies"
    elif re.search(r"(s|x|z|ch|sh)$", word):
        word += "es"
    else:
        word += "s"
    return f"{head} {word}".strip()


def table_synonyms(noun: str) -> tuple[str, ...]:
    """Return other words for the rows of a table called ``noun`` (singular)."""
    return _TABLE_SYNONYMS.get(noun, ())


def column_synonyms(phrase: str) -> tuple[str, ...]:
    """Return other words for a column called ``phrase``."""
    return tuple(s for s in _COLUMN_SYNONYMS.get(phrase, ()) if s != phrase)


def is_place(phrase: str) -> bool:
    """Tell whether a column called so says where something is."""
    return not _LOCATION.isdisjoint(phrase.split()[-1:])


def is_adjective(word: str) -> bool:
    """Tell whether a flag called so reads as an adjective ("cancelled")."""
    return word in _ADJECTIVES or (
        word.endswith(("ed", "able", "ible", "ful", "less")) and len(word) > 4
    )


def article(phrase: str) -> str:
    """Return the phrase with "a" or "an"."""
    return f"{'an' if phrase[:1].lower() in 'aeio' or phrase[:2] == 'un' else 'a'} {phrase}"


def spoken_number(rng: random.Random, number: float, *, money: str = "") -> str:
    """Return a number as people type it: ``1500``, ``1,500``, ``1.5k``, ``$1500``, ``five``."""
    whole = int(number) if float(number).is_integer() else None
    if whole is None:
        text = f"{number:g}"
    elif 0 < whole <= 12 and not money and rng.random() < 0.25:
        return _NUMBER_WORDS[whole]
    elif whole >= 1000 and whole % 1000 == 0 and rng.random() < 0.3:
        text = (
            f"{whole // 1000}k"
            if whole < 1_000_000 or whole % 1_000_000
            else f"{whole // 1_000_000}m"
        )
    elif whole >= 1000 and rng.random() < 0.35:
        text = f"{whole:,}"
    else:
        text = str(whole)
    if money and rng.random() < 0.3:
        return {"dollars": "$", "pounds": "£", "euros": "€"}[money] + text
    if money and rng.random() < 0.15:
        return f"{text} {money}"
    return text


def counted(rng: random.Random, number: int) -> str:
    """Return a small count in digits or words."""
    return _NUMBER_WORDS[number] if number <= 12 and rng.random() < 0.45 else str(number)


def misspelt(rng: random.Random, text: str) -> str:
    """Return the text with one letter left out, doubled or swapped inside a word of six or more."""
    places = list(re.finditer(r"[A-Za-z]{6,}", text))
    if not places:
        return text
    at = rng.choice(places)
    index = rng.randrange(at.start() + 1, at.end() - 1)
    kind = rng.randrange(3)
    if kind == 0:
        return text[:index] + text[index + 1 :]
    if kind == 1:
        return text[:index] + text[index] + text[index:]
    return text[:index] + text[index + 1] + text[index] + text[index + 2 :]


def shown_value(rng: random.Random, text: str) -> str:
    """Return a cell as people type it: mostly as spelled, often lower-case, rarely misspelt."""
    draw = rng.random()
    if draw < 0.35:
        text = text.lower()
    elif draw < 0.38 and text.isascii() and len(text) > 3:
        text = text.upper()
    if len(text) > 6 and rng.random() < 0.06:
        text = misspelt(rng, text)
    return text


_POLITE = (
    "show me {}", "list {}", "give me {}", "can you tell me {}", "i need {}", "can you show me {}",
    "please list {}", "show {}", "could you give me {}", "i'd like to see {}", "tell me {}",
    "pull up {}", "get me {}", "i want {}", "please show me {}", "find {}", "let me see {}",
    "display {}", "could i get {}", "get {}", "fetch {}", "i want to know {}", "find me {}",
)  # fmt: skip
_QUESTION = re.compile(
    r"(how|what|which|who|whose|where|when|is|are|do|does|did|has|have|was|were|in which|on which|"
    r"for each|can|could|whats|what's|from)\b",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"(i need|i want|on average|compare|break down|pull|look up|please|hi|top \d|list|show|give|get|find|display|name|count|sum|add|rank|sort|break|split|tell)\b"
)
_SHORTER = (
    ("average ", "avg "), ("number of ", "# of "), ("number of ", "no. of "), (" and ", " & "),
    (" with ", " w/ "), ("maximum ", "max "), ("minimum ", "min "), ("percentage", "percent"),
    ("percentage of ", "% of "), ("department", "dept"), ("quantity", "qty"), ("please", "pls"),
    (" without ", " w/o "), ("what is ", "whats "), ("what is ", "what's "), ("what are ", "whats "),
    ("do not ", "dont "), ("who is ", "who's "), ("customers", "custs"), (" people", " ppl"),
)  # fmt: skip


def ask_politely(rng: random.Random, phrase: str) -> str:
    """Put "show me", "list" and the like before a noun phrase, in a third of the cases."""
    if rng.random() > 0.2 or _QUESTION.match(phrase) or _ORDERS.match(phrase):
        return phrase
    prefix = rng.choice(_POLITE)
    the = (
        "the "
        if rng.random() < 0.35
        and not phrase.startswith(
            ("the ", "all ", "every ", "each ", "any ", "for ", "which ", "both ")
        )
        else ""
    )
    return prefix.format(the + phrase)


def typed(rng: random.Random, text: str) -> str:
    """Return a question with the case, punctuation and slips of one typed in a hurry."""
    text = re.sub(r"\s+", " ", text).strip()
    text = text.replace(" ,", ",").replace(" ?", "?")
    if rng.random() < 0.22:
        old, new = rng.choice(_SHORTER)
        text = f" {text}".replace(
            f" {old.lstrip()}" if old[0] != " " else old,
            f" {new.lstrip()}" if new[0] != " " else new,
            1,
        ).strip()
    if rng.random() < 0.025:
        text += rng.choice((" please", " pls", " thanks", " for me", " please"))
    elif rng.random() < 0.012:
        text = rng.choice(("hi, ", "hey ", "ok ", "so ", "quick question: ")) + text
    if rng.random() < 0.04:
        text = misspelt(rng, text)
    lowered = rng.random() < 0.66
    text = text.lower() if lowered else text[:1].upper() + text[1:]
    if _QUESTION.match(text):
        if rng.random() < (0.25 if lowered else 0.7):
            text += "?"
    elif rng.random() < 0.06:
        text += "."
    return text
