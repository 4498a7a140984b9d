/**
 * The client library of museod: chat with a shop over one WebSocket. A plain ES module without dependencies.
 *
 *   import { MuseodClient } from "https://chat.shop.example/web/museod.js";
 *
 *   const client = new MuseodClient({ url: "wss://chat.shop.example", userId: "user123", locale: "en" });
 *   client.addEventListener("state", (event) => console.log(event.detail.state));
 *   client.connect();
 *   const answer = await client.send("Do you have iPhone 15?");
 *   console.log(answer.message, answer.data?.cards, answer.suggestions);
 *
 * A page of another origin must be listed in MCP_ALLOWED_ORIGINS.
 *
 * Connection: kept up until `close()`. A lost one is tried again after 0.5 s, then twice as long each time up to
 * 30 s, with jitter, so that a restarted daemon is not met by all its clients at once. What was sent and not
 * answered is sent again under the same id: museod answers a message that it knows with its first answer, so
 * nothing happens twice.
 *
 * Events (all are CustomEvents, what they say is in `detail`):
 *   state     {state, retryInMs?, reason?}   connecting | open | waiting | refused | closed
 *   progress  a progress frame {id, stage, text}      only with `stream`
 *   delta     a delta frame {id, text}                only with `stream`
 *   event     an event frame {kind, ...}: token_expiring, handover, human, import
 *   guest     {token}: keep it, and give it as `token` next time to be the same guest
 */

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
const CONNECT_MS = 10_000; // name, TCP, TLS and handshake
const ANSWER_MS = 90_000; // the server gives up on a turn well before
const IDLE_MS = 30_000; // nothing heard for so long: ask whether anybody is there
const PONG_MS = 10_000;
const MAX_WAITING = 32; // messages without an answer; a person writes one at a time

/** Why a message got no answer. `kind` as in error frames (rate_limit_error, ...), or timeout, closed, refused, too_many. */
export class MuseodError extends Error {
  constructor(kind, message, frame = null) {
    super(message);
    this.name = "MuseodError";
    this.kind = kind;
    /** The error frame, when the server sent one: code, retryAfterMs?, metadata.correlationId. */
    this.frame = frame;
  }
}

export class MuseodClient extends EventTarget {
  #options;
  #socket = null;
  #state = "closed";
  #attempt = 0;
  #retryTimer = 0;
  #watchTimer = 0;
  #heardAt = 0;
  #waiting = new Map(); // id -> {frame, resolve, reject, timer, unlisten}
  #conversationId;
  #onOnline = () => this.#tryNow();

  /**
   * @param {object} options
   * @param {string} [options.url]        ws:// or wss:// address; default: the page's own host
   * @param {string} options.userId       who speaks; with a token it must be the token's `sub`
   * @param {string} [options.clientType] web-storefront | web-admin | mobile | whatsapp | instagram | cli
   * @param {string} [options.locale]     BCP 47, such as en or de-AT
   * @param {string} [options.token]      JWT or API key; travels as subprotocol, never in the URL
   * @param {boolean} [options.stream]    ask for progress and delta frames
   * @param {string} [options.conversationId]  go on with this conversation
   */
  constructor(options) {
    super();
    const own = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/chat`;
    this.#options = { url: own, clientType: "web-storefront", locale: "en", token: "", stream: false, ...options };
    this.#conversationId = options.conversationId;
  }

  /** connecting | open | waiting (for the next try) | refused (the token) | closed */
  get state() {
    return this.#state;
  }

  /** The conversation's id once the server has named it. */
  get conversationId() {
    return this.#conversationId;
  }

  /** Change locale, clientType or stream for the messages to come; for another user or token make a new client. */
  configure({ locale, clientType, stream }) {
    if (locale !== undefined) this.#options.locale = locale;
    if (clientType !== undefined) this.#options.clientType = clientType;
    if (stream !== undefined) this.#options.stream = stream;
  }

  /** Connect, and stay connected. */
  connect() {
    if (this.#state !== "closed" && this.#state !== "refused") return;
    this.#attempt = 0;
    globalThis.addEventListener("online", this.#onOnline);
    this.#open();
  }

  /** Leave; messages without an answer fail with kind `closed`. */
  close() {
    this.#end("closed", "closed", "The connection was closed.");
  }

  /**
   * Send one message; resolves to its response frame {id, message, data?, suggestions?, metadata}.
   *
   * @param {string} message
   * @param {object} [extra]
   * @param {AbortSignal} [extra.signal]      aborting tells the server to stop
   * @param {object[]} [extra.attachments]    [{uploadId, name}]
   * @param {object} [extra.metadata]
   * @param {string} [extra.id]               default: a random one
   * @throws {MuseodError} the server's error frame, or kind timeout, closed, refused or too_many
   */
  send(message, { signal, attachments, metadata, id = newId() } = {}) {
    if (this.#state === "closed" || this.#state === "refused") {
      return Promise.reject(new MuseodError(this.#state, "There is no connection; call connect() first."));
    }
    if (this.#waiting.size >= MAX_WAITING) {
      return Promise.reject(new MuseodError("too_many", "Too many messages wait for an answer."));
    }
    signal?.throwIfAborted();
    const { userId, clientType, locale, stream } = this.#options;
    const frame = { type: "message", id, userId, message, clientType, locale };
    if (stream) frame.stream = true;
    if (this.#conversationId) frame.conversationId = this.#conversationId;
    if (attachments) frame.attachments = attachments;
    if (metadata) frame.metadata = metadata;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#cancel(id, new MuseodError("timeout", "No answer came in time.")), ANSWER_MS);
      const abort = () => this.#cancel(id, signal.reason);
      signal?.addEventListener("abort", abort);
      const unlisten = () => signal?.removeEventListener("abort", abort);
      this.#waiting.set(id, { frame, resolve, reject, timer, unlisten });
      this.#post(frame);
    });
  }

  /** Tell the server whether the intent of an answer was right. */
  feedback(id, correct, intent) {
    this.#post({ type: "feedback", id, correct, ...(intent && { intent }) });
  }

  // ---- connection

  #open() {
    const { url, token } = this.#options;
    const socket = new WebSocket(url, token ? ["museo.chat", `bearer.${token}`] : ["museo.chat"]);
    this.#socket = socket;
    this.#tell("connecting");
    let wasOpen = false;
    const tooSlow = setTimeout(() => socket.close(), CONNECT_MS);
    socket.addEventListener("open", () => {
      clearTimeout(tooSlow);
      if (socket !== this.#socket) return socket.close();
      wasOpen = true;
      this.#attempt = 0;
      this.#tell("open");
      this.#heard(socket);
      for (const { frame } of this.#waiting.values()) this.#post(frame);
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heard(socket);
      this.#receive(data);
    });
    socket.addEventListener("close", ({ code }) => {
      clearTimeout(tooSlow);
      if (socket === this.#socket) this.#lost(code, wasOpen);
    });
  }

  async #lost(code, wasOpen) {
    clearTimeout(this.#watchTimer);
    this.#socket = null;
    const attempt = ++this.#attempt;
    // A browser does not say why a handshake failed; whether it was the token can be asked.
    if (code === 4401 || (!wasOpen && (await this.#isRefused()))) {
      this.#end("refused", "refused", "The token is missing, wrong or expired.");
      return;
    }
    if (this.#state === "closed" || this.#socket !== null) return; // decided otherwise while we asked
    const longest = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10));
    const retryInMs = Math.round(longest * (0.5 + Math.random() / 2));
    this.#tell("waiting", { retryInMs });
    this.#retryTimer = setTimeout(() => this.#open(), retryInMs);
  }

  async #isRefused() {
    const { url, token } = this.#options;
    const address = new URL("/api/v1/processes", url.replace(/^ws/, "http"));
    try {
      const headers = token ? { Authorization: `Bearer ${token}` } : {};
      const answer = await fetch(address, { headers, signal: AbortSignal.timeout(CONNECT_MS) });
      return answer.status === 401; // 403: known, and not for such a caller
    } catch {
      return false; // nobody there, or another origin: then it is not known
    }
  }

  #tryNow() {
    if (this.#state !== "waiting") return;
    clearTimeout(this.#retryTimer);
    this.#open();
  }

  #heard(socket) {
    this.#heardAt = Date.now();
    clearTimeout(this.#watchTimer);
    this.#watchTimer = setTimeout(() => {
      this.#post({ type: "ping" });
      this.#watchTimer = setTimeout(() => {
        // The close handshake of a dead connection takes minutes: go on at once.
        socket.close();
        if (socket === this.#socket) this.#lost(1006, true);
      }, PONG_MS);
    }, IDLE_MS);
  }

  #end(state, kind, reason) {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#watchTimer);
    globalThis.removeEventListener("online", this.#onOnline);
    const socket = this.#socket;
    this.#socket = null;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, "reject", new MuseodError(kind, reason));
    this.#tell(state, { reason });
    socket?.close(1000);
  }

  // ---- frames

  #receive(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return; // not ours to answer; the message times out
    }
    switch (frame?.type) {
      case "response":
        this.#conversationId = frame.metadata?.conversationId ?? this.#conversationId;
        if (frame.metadata?.guestToken) {
          this.#options.token = frame.metadata.guestToken;
          this.#dispatch("guest", { token: frame.metadata.guestToken });
        }
        this.#settle(frame.id, "resolve", frame);
        break;
      case "error":
        this.#settle(frame.id, "reject", new MuseodError(frame.metadata?.kind ?? "internal_error", frame.message, frame));
        break;
      case "progress":
      case "delta":
      case "event":
        this.#dispatch(frame.type, frame);
        break;
    }
  }

  #cancel(id, error) {
    if (!this.#waiting.has(id)) return;
    this.#settle(id, "reject", error);
    this.#post({ type: "cancel", id });
  }

  #settle(id, how, value) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.unlisten();
    waiting[how](value);
  }

  #post(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #tell(state, more = {}) {
    this.#state = state;
    this.#dispatch("state", { state, ...more });
  }

  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** A random id; `crypto.randomUUID` exists on https and localhost only. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
