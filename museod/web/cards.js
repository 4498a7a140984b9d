/**
 * The cards of an answer (`data.cards`) as elements: products, basket, table, choices, link, order.
 *
 * Whatever comes from the server is set as text, never as markup; addresses are followed only as http(s).
 */

/** An element with properties and children; strings become text nodes, null is left out. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(made.dataset, value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * The elements of all cards.
 *
 * @param {object[]} cards
 * @param {object} words             what the page itself says, in the answer's language
 * @param {(text: string) => void} say  send a message for the person
 */
export function drawCards(cards, words, say) {
  return cards.map((card) => (DRAWERS[card?.type] ?? drawAny)(card, words, say)).filter((drawn) => drawn !== null);
}

const DRAWERS = {
  products: drawProducts,
  basket: drawBasket,
  table: drawTable,
  choices: drawChoices,
  link: drawLink,
};

function drawProducts(card, words, say) {
  const items = list(card.items);
  if (items.length === 1) return drawProduct(items[0], words, say, true);
  return element("div", { className: "shelf" }, ...items.map((item) => drawProduct(item, words, say, false)));
}

function drawProduct(item, words, say, isAlone) {
  const title = text(item.title);
  const variants = list(item.variants);
  const heading = isAlone
    ? element("h3", {}, title)
    : element("h3", {}, element("button", { type: "button", onclick: () => say(title) }, title));
  const facts = element(
    "div",
    { className: "facts" },
    item.brand ? element("p", { className: "maker" }, text(item.brand)) : null,
    heading,
    element("div", { className: "row" }, element("span", { className: "price" }, priceOf(item, words)), stockOf(item, words)),
    isAlone && variants.length > 1 ? drawVariants(variants, words) : null,
  );
  const className = isAlone ? "card product wide" : "card product";
  return element("article", { className, "aria-label": title }, pictureOf(item, title), facts);
}

function drawVariants(variants, words) {
  const rows = variants.map((variant) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, text(variant.label)),
      element("td", { className: "number" }, money(variant.price)),
      element("td", { className: "number" }, badge(variant.availability, variant.available, words)),
    ),
  );
  const table = element("table", { "aria-label": words.versions }, element("tbody", {}, ...rows));
  return element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": words.versions }, table);
}

function pictureOf(item, title) {
  const address = webAddress(item.imageUrl);
  const frame = element("div", { className: "picture" });
  if (address === null) {
    frame.append(element("span", { "aria-hidden": "true" }, title.slice(0, 1)));
    return frame;
  }
  const image = element("img", { alt: title, loading: "lazy", decoding: "async", referrerPolicy: "no-referrer", src: address });
  image.addEventListener("error", () => image.replaceWith(element("span", { "aria-hidden": "true" }, title.slice(0, 1))));
  frame.append(image);
  return frame;
}

function priceOf(item, words) {
  const isRange = item.priceMax && item.priceMax.amount !== item.price?.amount;
  return isRange ? `${money(item.price)} – ${money(item.priceMax)}` : money(item.price);
}

function stockOf(item, words) {
  return badge(item.inStock ? "in_stock" : "sold_out", null, words);
}

function badge(availability, available, words) {
  if (availability === "sold_out" || availability === "unavailable") {
    return element("span", { className: "badge out" }, words.soldOut);
  }
  if (availability === "low_stock" || availability === "insufficient") {
    const left = Number.isInteger(available) ? words.left(available) : words.low;
    return element("span", { className: "badge low" }, left);
  }
  return element("span", { className: "badge" }, words.inStock);
}

function drawBasket(card, words) {
  const lines = list(card.lines).map((line) => {
    const isFine = !line.availability || line.availability === "in_stock" || line.availability === "available";
    const name = element("td", {}, text(line.title), isFine ? "" : " ", isFine ? null : badge(line.availability, null, words));
    const times = element("td", { className: "times" }, `${Number(line.quantity)} ×`);
    return element("tr", {}, times, name, element("td", { className: "number" }, money(line.lineTotal)));
  });
  const head = element("header", {}, element("span", {}, words.basket), element("span", {}, String(card.itemCount ?? 0)));
  const sum = element("div", { className: "sum" }, element("span", {}, words.total), element("span", {}, money(card.total)));
  const table = element("table", {}, element("tbody", {}, ...lines));
  return element("section", { className: "card basket", "aria-label": words.basket }, head, lines.length ? table : null, sum);
}

function drawTable(card) {
  const columns = list(card.columns).map((name) => element("th", { scope: "col" }, text(name)));
  const rows = list(card.rows).map((row) =>
    element("tr", {}, ...list(row).map((cell, place) => (place === 0 ? element("th", { scope: "row" }, text(cell)) : element("td", {}, linked(cell))))),
  );
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...columns)), element("tbody", {}, ...rows));
  return element("div", { className: "card scroll", tabIndex: 0, role: "region", "aria-label": "Table" }, table);
}

function drawChoices(card, words, say) {
  const options = list(card.options).map((option) => {
    const label = text(option.label);
    return element("li", {}, element("button", { type: "button", className: "chip", onclick: () => say(text(option.message) || label) }, label));
  });
  return element("ul", { className: "chips" }, ...options);
}

function drawLink(card) {
  const address = webAddress(card.url ?? card.href);
  if (address === null) return drawAny(card);
  const label = text(card.label) || text(card.title) || address;
  const link = element("a", { className: "link", href: address, target: "_blank", rel: "noopener noreferrer" }, label);
  return element("div", { className: "card" }, link);
}

/** A card of a kind that this page does not know: its plain members as a list. */
function drawAny(card) {
  if (card === null || typeof card !== "object") return null;
  const facts = Object.entries(card).filter(([name, value]) => name !== "type" && value !== null);
  const rows = facts.flatMap(([name, value]) => {
    const shown = typeof value === "object" ? (value.text ?? JSON.stringify(value)) : value;
    return [element("dt", {}, name), element("dd", {}, linked(String(shown)))];
  });
  return element("div", { className: "card" }, element("dl", { className: "facts-list" }, ...rows));
}

function linked(value) {
  const shown = text(value);
  const address = /^https?:\/\//.test(shown) ? webAddress(shown) : null;
  if (address === null) return shown;
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, shown);
}

function webAddress(value) {
  if (typeof value !== "string") return null;
  try {
    const url = new URL(value, location.href);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

function money(value) {
  return text(value?.text);
}

function text(value) {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function list(value) {
  return Array.isArray(value) ? value : [];
}
