"""Brand names that shoppers use, the same in every language: lower-case spelling -> as brands write it."""

from __future__ import annotations

_NAMES = """
Acer; Adidas; Amazon; Annibale Colombo; Apple; Asics; Asus; Attitude; Bath Trends; Beats; Bosch; Bose; Braun;
Calvin Klein; Canon; Casio; Casual Comfort; Chanel; Chic Cosmetics; Chrysler; Classic Wear; Comfort Trends;
Converse; Dell; Dior; Dodge; Dolce & Gabbana; Dyson; Elegance Collection; Essence; Fashion Shades;
Fashion Timepieces; Fashion Trends; Fossil; Furniture Co.; GadgetMaster; Garmin; Generic Motors; Gigabyte;
Glamour Beauty; Google; GoPro; Gucci; Heshe; Honda; Honor; HP; Huawei; IKEA; IWC; JBL; Kawasaki; Knoll; Lego;
Lenovo; Levi's; LG; Logitech; Longines; Microsoft; Motorola; MotoGP; Nail Couture; Nikon; Nike; Nintendo;
Nivea; Nokia; Nothing; Off White; Olay; Omega; OnePlus; Oppo; Pampi; Panasonic; Philips; Prada; ProVision;
Puma; Ralph Lauren; Ray-Ban; Razer; Realme; Reebok; Rolex; Samsung; ScootMaster; Seiko; Sennheiser; Siemens;
SnapTech; Sony; SpeedMaster; Swatch; TechGear; Timberland; Tissot; Tommy Hilfiger; Toyota; Under Armour;
Urban Chic; Vans; Vaseline; Velvet Touch; Vivo; Xiaomi; Yamaha; Zara
"""
_ALIASES = {"d&g": "Dolce & Gabbana", "dolce and gabbana": "Dolce & Gabbana", "ck": "Calvin Klein"}
_ALIASES |= {"levis": "Levi's", "ray ban": "Ray-Ban", "rayban": "Ray-Ban", "one plus": "OnePlus"}

# "nothing", "attitude", "essence", "google" and the like are ordinary words first: never taken for a brand.
_ORDINARY = {"nothing", "attitude", "essence", "honor", "google", "amazon", "dodge", "vans", "omega", "beats"}

BRANDS: dict[str, str] = {
    name.strip().lower(): name.strip() for name in _NAMES.split(";") if name.strip().lower() not in _ORDINARY
} | _ALIASES
