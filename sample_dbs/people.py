"""People from many countries, made by pairing first and last names that are common there."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

from sample_dbs.chance import Weighted

# country: weight: cities: first names: last names
_PLACES = """
United Kingdom:20:London,Manchester,Bristol,Edinburgh,Leeds,Cardiff:\
Amelia,Oliver,Priya,Harriet,George,Imogen,Callum,Zara,Rupert,Ffion:\
Hughes,Bennett,Patel,Whitfield,Campbell,Okafor,Ashworth,Morgan,Khan,Prescott
Germany:13:Berlin,Hamburg,Munich,Cologne,Leipzig:\
Lena,Jonas,Mareike,Felix,Anke,Emre,Clara,Matthias,Greta,Lukas,Birgit,Tobias,Leyla,Moritz,Katrin,\
Dieter:\
Schneider,Vogel,Aydin,Krüger,Brandt,Hoffmann,Lindner,Bauer,Seidel,Richter,Schulz,Wagner,Demir,Neumann
France:11:Paris,Lyon,Marseille,Nantes,Lille:\
Camille,Hugo,Inès,Mathieu,Élodie,Karim,Manon,Antoine,Solène,Bastien,Léa,Yann,Margaux,Olivier:\
Lefèvre,Moreau,Benali,Girard,Dubois,Rousseau,Fontaine,Mercier,Chevalier,Blanc,Garnier,Diallo,Perrin,Lambert
Netherlands:8:Amsterdam,Utrecht,Rotterdam,Groningen:\
Sanne,Daan,Fleur,Bram,Noor,Thijs,Anouk,Jeroen,Lotte,Ruben,Marijke,Sven:\
de Vries,Bakker,van Dijk,Visser,Mulder,El Amrani,Jansen,Kuipers,Smit,Hendriks,Dekker,Postma
Ireland:5:Dublin,Cork,Galway:Aoife,Cian,Niamh,Declan,Saoirse,Eoin:\
Murphy,Byrne,Gallagher,Doyle,Nolan,Keane
Spain:7:Madrid,Barcelona,Valencia,Seville:\
Lucía,Javier,Marta,Álvaro,Carmen,Iker,Nuria,Pablo,Sergio,Alba,Rosario,Andrés:\
Navarro,Ortega,Castillo,Ibáñez,Molina,Serrano,Vidal,Romero,Herrera,Campos,Reyes,Prieto
Italy:6:Milan,Rome,Turin,Bologna:\
Giulia,Marco,Chiara,Lorenzo,Francesca,Davide,Elena,Matteo,Sara,Alessia,Paolo:\
Ferrari,Conti,Ricci,Marchetti,Greco,Fontana,Galli,Rinaldi,Moretti,Costa,De Luca
Sweden:4:Stockholm,Gothenburg,Malmö:Elsa,Nils,Astrid,Oskar,Freja,Amir:\
Lindqvist,Bergström,Nyström,Ekdahl,Hassan,Sandberg
Denmark:3:Copenhagen,Aarhus:Ida,Mikkel,Signe,Rasmus,Freja:Nielsen,Kjær,Holm,Mortensen,Skov
Poland:5:Warsaw,Kraków,Gdańsk:Zofia,Jakub,Agnieszka,Tomasz,Magda,Piotr,Kasia,Wojtek,Ola,Marek:\
Nowak,Zieliński,Wójcik,Kamiński,Mazur,Dąbrowski,Lewandowski,Król,Pawlak,Wrona
Portugal:3:Lisbon,Porto:Beatriz,Tiago,Inês,Rui,Mariana,Duarte,Leonor,Nuno:\
Ferreira,Carvalho,Teixeira,Sousa,Marques,Pinto,Lopes,Cardoso
Switzerland:4:Zurich,Geneva,Basel:Nadia,Reto,Céline,Urs,Luca:Keller,Favre,Ammann,Bernasconi,Frei
United States:9:New York,Chicago,Seattle,Austin,Boston:\
Madison,Ethan,Jasmine,Tyrell,Sofia,Caleb,Grace,Diego:\
Johnson,Ramirez,Nguyen,Washington,O'Connor,Goldberg,Kim,Sullivan
Canada:4:Toronto,Montreal,Vancouver:Chloe,Liam,Harpreet,Noah,Geneviève:\
Tremblay,Singh,MacDonald,Chen,Fraser
Japan:3:Tokyo,Osaka,Kyoto:Yuki,Haruto,Aiko,Kenji,Sakura:Tanaka,Sato,Yamamoto,Kobayashi,Mori
India:4:Mumbai,Bengaluru,Delhi:Ananya,Rohan,Kavya,Arjun,Meera:Sharma,Iyer,Reddy,Banerjee,Desai
Brazil:3:São Paulo,Rio de Janeiro:Larissa,Thiago,Camila,Rafael,Bruna:\
Oliveira,Souza,Barbosa,Almeida,Costa
Nigeria:2:Lagos,Abuja:Chidinma,Emeka,Ngozi,Tunde:Adeyemi,Okonkwo,Balogun,Eze
Australia:4:Sydney,Melbourne,Perth:Matilda,Jack,Ruby,Lachlan,Mei:\
Walker,Papadopoulos,Kelly,Zhang,Fraser
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    first_name: str
    last_name: str
    city: str
    country: str

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        """An address at a domain that is reserved for examples (RFC 2606)."""
        name = unicodedata.normalize("NFKD", self.full_name).casefold()
        return "".join(c if c.isalnum() else "." for c in name if c.isascii()) + "@example.org"


def make_people(
    rng: random.Random, count: int, boosts: tuple[tuple[str, float], ...] = (), others: float = 1.0
) -> list[Person]:
    """Return people with distinct pairs of name and city.

    Args:
        rng: Source of the draws.
        count: How many; a few thousand at most.
        boosts: (country, factor) for countries that matter more in this business.
        others: Factor for the countries that ``boosts`` does not name; 0.0 leaves them out.
    """
    factors = dict(boosts)
    lines = [line.split(":") for line in _PLACES.strip().splitlines()]
    places = Weighted(lines, [float(line[1]) * factors.get(line[0], others) for line in lines])
    people: dict[Person, None] = {}
    while len(people) < count:
        country, _, cities, first_names, last_names = places.draw(rng)
        person = Person(
            rng.choice(first_names.split(",")),
            rng.choice(last_names.split(",")),
            rng.choice(cities.split(",")),
            country,
        )
        people[person] = None
    return list(people)
