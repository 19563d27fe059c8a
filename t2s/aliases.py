"""Other names for the same thing, where general knowledge and no schema says so: places, genders."""

from __future__ import annotations

from types import MappingProxyType

# One place a line: its code or codes, its name, and what its people and goods are called.
_COUNTRIES = """\
us usa|united states|united states of america|america|american|americans
uk gb gbr|united kingdom|great britain|britain|british|brits
de deu ger|germany|german
fr fra|france|french
it ita|italy|italian
es esp|spain|spanish
pt prt por|portugal|portuguese
nl nld ned|netherlands|holland|dutch
be bel|belgium|belgian
ch che sui|switzerland|swiss
at aut|austria|austrian
dk dnk den|denmark|danish
se swe|sweden|swedish
no nor|norway|norwegian
fi fin|finland|finnish
ie irl|ireland|irish
pl pol|poland|polish
cz cze|czech republic|czechia|czech
gr grc gre|greece|greek
hu hun|hungary|hungarian
ro rou|romania|romanian
ru rus|russia|russian
ua ukr|ukraine|ukrainian
tr tur|turkey|turkish
in ind|india|indian
cn chn|china|chinese
jp jpn|japan|japanese
kr kor|south korea|korea|korean
th tha|thailand|thai
vn vnm|vietnam|vietnamese
ph phl|philippines|filipino
id idn|indonesia|indonesian
sg sgp|singapore|singaporean
au aus|australia|australian|aussie
nz nzl|new zealand|kiwi
ca can|canada|canadian
mx mex|mexico|mexican
br bra|brazil|brazilian
ar arg|argentina|argentine|argentinian
cl chl chi|chile|chilean
co col|colombia|colombian
pe per|peru|peruvian
cu cub|cuba|cuban
za zaf rsa|south africa|south african
eg egy|egypt|egyptian
ke ken|kenya|kenyan
et eth|ethiopia|ethiopian
ng nga|nigeria|nigerian
ma mar|morocco|moroccan
il isr|israel|israeli
ae are uae|united arab emirates|emirates
sa sau ksa|saudi arabia|saudi
hk hkg|hong kong"""
_STATES = """\
al|alabama
ak|alaska
az|arizona
ar|arkansas
ca|california|californian
co|colorado
ct|connecticut
de|delaware
dc|district of columbia|washington dc
fl|florida
ga|georgia
hi|hawaii
id|idaho
il|illinois
in|indiana
ia|iowa
ks|kansas
ky|kentucky
la|louisiana
me|maine
md|maryland
ma|massachusetts
mi|michigan
mn|minnesota
ms|mississippi
mo|missouri
mt|montana
ne|nebraska
nv|nevada
nh|new hampshire
nj|new jersey
nm|new mexico
ny|new york
nc|north carolina
nd|north dakota
oh|ohio
ok|oklahoma
or|oregon
pa|pennsylvania
ri|rhode island
sc|south carolina
sd|south dakota
tn|tennessee
tx|texas|texan
ut|utah
vt|vermont
va|virginia
wa|washington
wv|west virginia
wi|wisconsin
wy|wyoming"""
_WORDS = """\
f|female|woman|women|girl|lady|ladies
m|male|man|men|boy|guy
child|kid|kids|children
cxl|cancelled|canceled|cancellation
new york|ny|nyc|new york city
la|los angeles
sf|san francisco"""
# What stands for others but not the other way round.
_ONE_WAY = {"weekend": ("sat", "sun", "saturday", "sunday"), "weekends": ("sat", "sun")}
# Codes that are also common words: they stand for a place only in capitals, or as "the us".
COMMON_CODES = frozenset(
    [
        "in",
        "no",
        "it",
        "is",
        "at",
        "be",
        "de",
        "me",
        "or",
        "id",
        "ok",
        "hi",
        "oh",
        "la",
        "us",
        "ma",
        "pa",
        "so",
        "per",
        "can",
        "den",
    ]
)


def _read() -> dict[str, tuple[str, ...]]:
    table: dict[str, dict[str, None]] = {}
    for line in "\n".join([_COUNTRIES, _STATES, _WORDS]).splitlines():
        codes, *names = line.split("|")
        forms = [*(codes.split() if len(codes.split()[0]) < 4 else [codes]), *names]
        for form in forms:
            others = table.setdefault(form.replace(" ", ""), {})
            others.update((other.replace(" ", ""), None) for other in forms if other != form)
    return {form: tuple(others) for form, others in table.items()} | _ONE_WAY


# Folded text without spaces -> other such texts for the same thing.
ALIASES = MappingProxyType(_read())
MAX_ALIAS_WORDS = 4
