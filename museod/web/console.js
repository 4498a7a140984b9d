/** The console: a conversation with the daemon that served this page, for trying it out. */

import { drawCards, element } from "/web/cards.js";
import { MuseodClient } from "/web/museod.js";
import { wordsFor } from "/web/words.js";

const MAX_SHOWN = 200; // messages that stay in the page; older ones leave it
const STATES = { connecting: "Connecting", open: "Connected", waiting: "Connection lost", refused: "Token refused", closed: "Not connected" };

const at = (id) => document.getElementById(id);
const page = Object.fromEntries(
  ["connection", "locale", "client-type", "identity", "stage", "welcome", "log", "composer", "text", "send", "who", "who-form", "token", "user-id", "forget", "cancel"].map((id) => [id, at(id)]),
);

let client = null;
let lastText = "";

// ---- who speaks, kept for this tab only

const kept = {
  get: (name) => sessionStorage.getItem(`museod.${name}`) ?? "",
  set: (name, value) => (value ? sessionStorage.setItem(`museod.${name}`, value) : sessionStorage.removeItem(`museod.${name}`)),
};

function newGuest() {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return `console-${Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("")}`;
}

/** The claims of a JWT as far as they can be read; who may do what is decided by the daemon, not here. */
function claimsOf(token) {
  try {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

function showIdentity() {
  const token = kept.get("token");
  const role = token ? claimsOf(token).role : "";
  page.identity.textContent = token ? `${kept.get("user")}${role ? ` · ${role}` : ""}` : "Guest";
  page.identity.title = `User id: ${kept.get("user")}`;
}

// ---- connection

function connect() {
  client?.close();
  if (!kept.get("user")) kept.set("user", newGuest());
  showIdentity();
  client = new MuseodClient({
    userId: kept.get("user"),
    token: kept.get("token") || kept.get("guest-token"),
    locale: page.locale.value,
    clientType: page["client-type"].value,
    stream: true,
  });
  const current = client;
  client.addEventListener("state", ({ detail }) => current === client && showState(detail));
  client.addEventListener("guest", ({ detail }) => kept.set("guest-token", detail.token));
  client.addEventListener("progress", ({ detail }) => showProgress(detail.id, detail.text));
  client.addEventListener("delta", ({ detail }) => showDelta(detail.id, detail.text));
  client.addEventListener("event", ({ detail }) => showEvent(detail));
  client.connect();
}

function showState({ state, retryInMs }) {
  page.connection.dataset.state = state;
  page.connection.textContent = state === "waiting" && retryInMs >= 2000 ? `${STATES.waiting}, next try in ${Math.round(retryInMs / 1000)} s` : STATES[state];
  if (state === "refused") askWho();
  updateSend();
}

// ---- the conversation

async function say(text) {
  const message = text.trim();
  if (!message || client.state === "closed" || client.state === "refused") return;
  lastText = message;
  page.welcome.hidden = true;
  for (const old of page.log.querySelectorAll(".suggestions")) old.remove();
  const locale = page.locale.value;
  const mine = add(element("li", { className: "mine unsent" }, element("p", { className: "bubble", lang: locale }, message)));
  const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const theirs = add(
    element("li", { className: "theirs", data: { id } }, element("p", { className: "working" }, dots(), element("span", {}, ""))),
  );
  try {
    showAnswer(theirs, await client.send(message, { id }));
  } catch (error) {
    showFault(theirs, error, message);
  }
  mine.classList.remove("unsent");
  // An answer that is longer than the window is read from its beginning.
  if (theirs.offsetHeight > page.stage.clientHeight) mine.scrollIntoView({ block: "start" });
  else scrollDown();
}

function showAnswer(place, frame) {
  const { message, data, suggestions, metadata } = frame;
  const words = wordsFor(metadata?.locale);
  const cards = Array.isArray(data?.cards) ? data.cards : [];
  const drawn = drawCards(cards, words, say);
  const chosen = new Set(cards.filter((card) => card?.type === "choices").flatMap((card) => (card.options ?? []).map((option) => option.message)));
  const next = (suggestions ?? []).filter((one) => !chosen.has(one.message));
  place.lang = metadata?.locale ?? "";
  place.replaceChildren(
    element("p", { className: "bubble" }, drawn.length ? withoutLists(message) : message),
    ...drawn,
    ...(next.length ? [suggestionsOf(next)] : []),
    howOf(frame, drawn.length > 0),
  );
}

/** The text without the lines that the cards below it show; never empty. */
function withoutLists(message) {
  const lines = message.split("\n").filter((line) => !/^(?:\d+\.|•)\s/.test(line));
  return lines.length ? lines.join("\n") : message;
}

function suggestionsOf(suggestions) {
  const chips = suggestions.map((one) =>
    element("li", {}, element("button", { type: "button", className: "chip", onclick: () => say(one.message) }, one.label)),
  );
  return element("ul", { className: "chips suggestions", "aria-label": "Suggestions" }, ...chips);
}

/** How the answer came about: for whoever tries the daemon out. */
function howOf(frame, hasCards) {
  const { metadata = {}, message } = frame;
  const tools = (metadata.tools ?? []).map((tool) => `${tool.name} ${tool.ms} ms${tool.cached ? " (cached)" : ""}`);
  const facts = [
    ["Intent", `${metadata.intent} (${Math.round((metadata.confidence ?? 0) * 100)} %, by ${metadata.method})`],
    ["Tools", tools.join(", ") || "none"],
    ["Correlation id", metadata.correlationId],
    ["Turn", metadata.turnId],
  ];
  const rows = facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value ?? ""))]);
  return element(
    "details",
    { className: "how", lang: "en" },
    element("summary", {}, `${metadata.intent ?? ""} · ${metadata.latencyMs ?? "?"} ms`),
    element("dl", { className: "facts-list" }, ...rows),
    hasCards ? element("pre", { lang: metadata.locale ?? "", tabIndex: 0, "aria-label": "The whole text" }, message) : null,
  );
}

function showFault(place, error, message) {
  const frame = error.frame;
  place.className = "theirs fault";
  const again = element("button", { type: "button", className: "chip", onclick: () => say(message) }, "Send again");
  const wait = frame?.retryAfterMs;
  if (wait) {
    again.disabled = true;
    setTimeout(() => (again.disabled = false), wait);
  }
  place.replaceChildren(
    element("p", { className: "bubble" }, error.message),
    element("ul", { className: "chips suggestions" }, element("li", {}, again)),
    ...(frame?.metadata ? [element("p", { className: "hint" }, `${error.kind} · ${frame.code} · ${frame.metadata.correlationId}`)] : []),
  );
}

function showProgress(id, text) {
  const note = page.log.querySelector(`[data-id="${CSS.escape(id)}"] .working span:last-child`);
  if (note) note.textContent = text;
}

function showDelta(id, text) {
  const place = page.log.querySelector(`[data-id="${CSS.escape(id)}"]`);
  if (!place) return;
  let bubble = place.querySelector(".bubble");
  if (!bubble) place.replaceChildren((bubble = element("p", { className: "bubble" })));
  bubble.append(text);
  scrollDown();
}

function showEvent(event) {
  const text = event.text ?? event.message ?? String(event.kind ?? "").replaceAll("_", " ");
  if (text) add(element("li", { className: "theirs" }, element("p", { className: "bubble" }, String(text))));
}

function dots() {
  const three = [0, 1, 2].map(() => element("i"));
  return element("span", { className: "dots", role: "img", "aria-label": "Working" }, ...three);
}

function add(item) {
  page.log.append(item);
  while (page.log.children.length > MAX_SHOWN) page.log.firstChild.remove();
  scrollDown();
  return item;
}

function scrollDown() {
  page.stage.scrollTo({ top: page.stage.scrollHeight });
}

// ---- the composer

function updateSend() {
  const isUsable = client && client.state !== "closed" && client.state !== "refused";
  page.send.disabled = !isUsable || !page.text.value.trim();
}

function fitText() {
  page.text.style.height = "auto";
  page.text.style.height = `${page.text.scrollHeight}px`;
}

page.text.addEventListener("input", () => {
  fitText();
  updateSend();
});
page.text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    page.composer.requestSubmit();
  } else if (event.key === "ArrowUp" && !page.text.value && lastText) {
    event.preventDefault();
    page.text.value = lastText;
    fitText();
    updateSend();
  }
});
page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (page.send.disabled) return;
  const text = page.text.value;
  page.text.value = "";
  fitText();
  updateSend();
  say(text);
});
for (const example of document.querySelectorAll("[data-example]")) {
  example.addEventListener("click", () => say(example.textContent));
}

// ---- language, client type, identity

for (const name of ["locale", "client-type"]) {
  const select = page[name];
  const was = kept.get(name) || (name === "locale" ? navigator.language.slice(0, 2) : "");
  if ([...select.options].some((option) => option.value === was)) select.value = was;
  select.addEventListener("change", () => {
    kept.set(name, select.value);
    client.configure({ locale: page.locale.value, clientType: page["client-type"].value });
  });
}

function askWho() {
  if (page.who.open) return;
  page.token.value = kept.get("token");
  page["user-id"].value = kept.get("user");
  page.who.showModal();
}

page.identity.addEventListener("click", askWho);
page.cancel.addEventListener("click", () => page.who.close());
page.token.addEventListener("input", () => {
  const { sub } = claimsOf(page.token.value.trim());
  if (typeof sub === "string") page["user-id"].value = sub;
});
page["who-form"].addEventListener("submit", () => useIdentity(page.token.value.trim(), page["user-id"].value.trim()));
page.forget.addEventListener("click", () => {
  page.who.close();
  useIdentity("", "");
});

/** Another person begins another conversation. */
function useIdentity(token, user) {
  kept.set("token", token);
  kept.set("user", user);
  kept.set("guest-token", "");
  page.log.replaceChildren();
  page.welcome.hidden = false;
  connect();
  page.text.focus();
}

connect();
page.text.focus();
