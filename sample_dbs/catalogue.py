"""Invented publishers, book titles, cinemas and films, as text that the builders split."""

from __future__ import annotations

# name,city,country,founded
PUBLISHERS = """
Paper Lantern Press,London,United Kingdom,1974
Blackthorn & Sons,Edinburgh,United Kingdom,1891
Harbour House,Bristol,United Kingdom,2003
Verlag Nordlicht,Hamburg,Germany,1952
Éditions du Canal,Paris,France,1968
Tulp Boeken,Amsterdam,Netherlands,1987
Casa Almendra,Barcelona,Spain,1999
Fjord Forlag,Copenhagen,Denmark,1931
Prairie Owl Books,Chicago,United States,1962
Golden Gate Editions,San Francisco,United States,2011
Maple Row,Toronto,Canada,1978
Banyan Tree Publishing,Mumbai,India,1995
Kawa Shuppan,Tokyo,Japan,1947
Little Wombat,Melbourne,Australia,2008
"""

# category: popularity: mean rating: pattern: first words: second words
CATEGORIES = """
Crime:2.6:3.9:The {} {}:Lisbon,Glasshouse,Midnight,Harbour,Orchard,Velvet,Winter,Lighthouse,\
Ferryman's:Alibi,Confession,Witness,Ledger,Silence,Verdict,Inheritance
Fantasy:1.5:4.0:{} of {}:A Crown,The Daughter,A Throne,Heirs,The Last Dragon,Songs,The Keeper:\
Ash and Amber,the Hollow King,Salt Mountain,Nine Rivers,the Silver Wood,Ember Vale
Science Fiction:1.2:3.9:{} {}:Orbital,Quantum,Europa,Silent,Parallel,Borrowed,Titan:\
Drift,Protocol,Gardens,Signal,Exodus,Memory
Romance:1.6:3.7:{} in {}:A Summer,Two Letters,One Winter,Almost Married,Strangers,Second Chances:\
Positano,Brighton,Kyoto,the Highlands,Porto,Vermont,Seville
History:0.9:4.1:{} of {}:A Short History,The Forgotten Queens,The Merchants,The Fall,Letters,\
The Maps:Venice,the Silk Road,the Hanseatic League,Constantinople,Bohemia,the North Sea
Biography:0.8:3.8:{}: {}:Unwritten,Against the Tide,The Quiet Inventor,First Violin,Ringside,\
On Thin Ice:A Life,My Story,The Authorised Biography,A Memoir,The Early Years
Cookery:1.1:4.5:{} {}:Everyday,Slow,Simple,One-Pot,Midweek,Plant-Based,Grandma's:\
Italian,Baking,Curries,Suppers,Bread,Barbecue
Travel:0.7:4.0:{} {}:Walking,Cycling,Sailing,Slow Trains Through,Across,Around:\
Patagonia,the Alps,Norway,Japan,the Balkans,Morocco
Children:1.4:4.3:{} {}:Bertie the Badger,Captain Pickle,Luna Moth,Professor Pancake,The Tiny Witch:\
Goes to the Moon,and the Lost Hat,Saves the Day,Learns to Swim,and the Snow Day,at School
Business:0.9:3.5:The {} {}:Honest,Lean,Accidental,Profitable,Curious,Four-Day:\
Manager,Startup,Negotiator,Leader,Week,Balance Sheet
"""

COMMENTS = (
    "Could not put it down.",
    "Great gift, arrived on time.",
    "A slow start but worth it.",
    "Not for me, sorry.",
    "Beautiful cover and lovely paper.",
    "The ending felt rushed.",
    "Bought a second copy for my sister.",
    "Fewer typos would be nice.",
    "My book club loved it.",
    "Exactly what I was looking for.",
)

# name,city,country,opened,bar
CINEMAS = """
Aurora Soho,London,United Kingdom,1987,Y
Aurora Deansgate,Manchester,United Kingdom,2004,Y
Aurora Leith,Edinburgh,United Kingdom,2012,N
Aurora Liffey,Dublin,Ireland,2009,Y
Aurora Westerpark,Amsterdam,Netherlands,2015,Y
Aurora Kreuzberg,Berlin,Germany,1996,N
Aurora Bellecour,Lyon,France,2018,Y
Aurora Triana,Seville,Spain,2019,N
Aurora Navigli,Milan,Italy,2021,Y
"""

# title:genres
FILMS = """
The Paper Whale:Animation,Family
Moonlit Cartel:Thriller,Crime
Seven Minutes to Dusk:Thriller,Action
A Kettle for Two:Comedy,Romance
Iron Meridian:Action,Science Fiction
The Beekeeper's Daughter:Drama
Last Tram to Porto:Drama,Romance
Polar Station Zero:Horror,Science Fiction
Granny Versus the Robots:Comedy,Family
Grey Harbour:Crime,Drama
Jupiter Rising Again:Science Fiction,Action
The Locksmith of Lyon:Crime,Thriller
Dumpling Club:Comedy,Drama
Whispering Pines:Horror
Bollywood or Bust:Comedy,Romance
Thunder Alley 3:Action
The Cartographer's Mistake:Drama,Adventure
Otto and the Cloud Factory:Animation,Family
Sand Kings:Adventure,Action
Nobody Calls on Sunday:Thriller
The Understudy:Drama,Music
Vinyl Summer:Music,Romance
Beneath Lake Vättern:Horror,Thriller
Captain Crumb:Animation,Comedy
One Hundred Goodbyes:Drama
Heist on the Danube:Crime,Comedy
Solar Winds:Science Fiction,Drama
The Goalkeeper:Documentary
Salt, Fat, Applause:Documentary,Music
Night Ferry:Thriller,Horror
Little Red Tractor:Animation,Family
The Winter Palace:Drama
Kung Fu Librarian:Action,Comedy
Lost Signals:Science Fiction,Horror
My Brother's Band:Music,Drama
Rivers of Ice:Documentary
The Tax Inspector:Comedy
Blue Monsoon:Romance,Drama
Marathon Dog:Family,Comedy
Zero Hour Lisbon:Action,Thriller
The Silent Choir:Drama,Music
Dragon Orchard:Animation,Adventure
Cold Harbour Road:Crime
Aunt Mabel Inherits:Comedy
The Glass Astronaut:Science Fiction
Fireflies Over Kyoto:Romance,Animation
Deep Current:Documentary
The Vampire of Turin:Horror,Comedy
Gold Rush Girls:Adventure,Drama
Checkmate in Mumbai:Thriller,Drama
Tokyo After Rain:Romance
Pirates of the Baltic:Adventure,Family
Overtime:Comedy,Drama
The Third Violin:Music,Thriller
Hollow Moon:Horror
Borrowed Time:Drama,Science Fiction
Snow Leopard:Documentary,Adventure
The Great Biscuit Caper:Family,Crime
Late Checkout:Comedy,Romance
Ashes and Neon:Action,Crime
"""
