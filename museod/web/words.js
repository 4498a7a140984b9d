/** What the console itself says on cards, in the languages that museod answers in. */

const WORDS = {
  en: { inStock: "in stock", low: "few left", soldOut: "sold out", versions: "Versions", basket: "Basket", total: "Total", left: (n) => `${n} left` },
  de: { inStock: "auf Lager", low: "nur noch wenige", soldOut: "ausverkauft", versions: "Ausführungen", basket: "Warenkorb", total: "Summe", left: (n) => `noch ${n}` },
  es: { inStock: "en stock", low: "quedan pocos", soldOut: "agotado", versions: "Versiones", basket: "Cesta", total: "Total", left: (n) => (n === 1 ? "queda 1" : `quedan ${n}`) },
  fr: { inStock: "en stock", low: "bientôt épuisé", soldOut: "épuisé", versions: "Versions", basket: "Panier", total: "Total", left: (n) => (n === 1 ? "plus que 1" : `plus que ${n}`) },
  it: { inStock: "disponibile", low: "pochi pezzi", soldOut: "esaurito", versions: "Versioni", basket: "Carrello", total: "Totale", left: (n) => (n === 1 ? "ne resta 1" : `ne restano ${n}`) },
  pt: { inStock: "em stock", low: "poucas unidades", soldOut: "esgotado", versions: "Versões", basket: "Cesto", total: "Total", left: (n) => (n === 1 ? "resta 1" : `restam ${n}`) },
  tr: { inStock: "stokta", low: "az kaldı", soldOut: "tükendi", versions: "Seçenekler", basket: "Sepet", total: "Toplam", left: (n) => `${n} adet kaldı` },
  vi: { inStock: "còn hàng", low: "sắp hết", soldOut: "hết hàng", versions: "Phiên bản", basket: "Giỏ hàng", total: "Tổng cộng", left: (n) => `còn ${n}` },
};

/** The words for a BCP 47 tag; English where there are none. */
export function wordsFor(locale) {
  return WORDS[String(locale).toLowerCase().split("-")[0]] ?? WORDS.en;
}
