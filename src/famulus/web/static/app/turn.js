// One turn: what a person said, and the run that answers it.
import { newId } from "./api.js";
import { fold, isOver, saidIn, viewOfRun, viewOfStored } from "./fold.js";
import { signal } from "./lib.js";

/** A hidden page draws no frames, but its title and its live region still tell what goes on. */
const HIDDEN_PAUSE = 250;

export class Turn {
  user = signal(null);
  /** `kept` by the server, `sending`, `waiting` for a server that cannot be reached, or `unsent`. */
  delivery = signal("kept");
  problem = signal(null);
  run = signal(null);
  stopping = signal(false);
  editing = signal(false);
  cursor = { id: null };
  answers = [];
  clientId = null;
  detailed = false;
  /** How high it was when last drawn, for as long as it is not drawn. */
  height = null;
  #next = null;
  #drawing = false;
  #restUntil = 0;

  constructor(key) {
    this.key = key;
  }

  /** What a person has just written; `files` are attached to it. */
  static written(text, { clientId = newId(), files = [] } = {}) {
    const turn = new Turn(clientId);
    turn.clientId = clientId;
    turn.user.value = { text, files, at: new Date().toISOString() };
    turn.delivery.value = "sending";
    return turn;
  }

  get runId() {
    return this.run.peek()?.id ?? this.#storedRunId;
  }

  #storedRunId = null;

  /** Takes a stored message that belongs to this turn. */
  addStored(message) {
    this.#storedRunId = message.run_id;
    if (message.role === "user") this.user.value = { id: message.id, ...saidIn(message) };
    else this.answers = [...this.answers, message].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** As it is sent: the text, what is attached, and the name by which it is known until it is kept. */
  get said() {
    const { text, files } = this.user.peek();
    return { message: text, client_message_id: this.clientId, file_ids: files.map(({ id }) => id) };
  }

  /** The id of the question, once the server has told it. */
  get messageId() {
    return this.user.peek()?.id ?? this.run.peek()?.user?.id ?? null;
  }

  /** Whether this message is a part of it. */
  has(messageId) {
    return this.messageId === messageId || this.answers.some(({ id }) => id === messageId);
  }

  /** Whether the messages alone tell how the run ended. */
  get isSettled() {
    return this.answers.length > 0 && this.answers.every(({ status }) => status === "completed");
  }

  showStored(run = null, steps = []) {
    this.run.value = { ...viewOfStored(run, this.answers, steps), id: run?.id ?? this.#storedRunId };
    if (!run) this.run.value = { ...this.run.value, status: "completed" };
  }

  /** A run whose events tell the rest; it may well be over by the time that it is known here. */
  begin(run) {
    this.run.value = viewOfRun(run);
  }

  /** The run of stored messages, as the server has it now. */
  take(run) {
    if (isOver(run)) this.showStored(run);
    else this.begin(run);
  }

  get isAtWork() {
    const view = this.run.value;
    return Boolean(view?.id) && !view.done;
  }

  apply(name, data) {
    this.#next = fold(this.#next ?? this.run.peek(), name, data);
    if (name === "done" || name === "stream.reset") return this.draw();
    if (this.#drawing) return undefined;
    this.#drawing = true;
    const rest = document.hidden ? HIDDEN_PAUSE : this.#restUntil - performance.now();
    if (rest > 0) setTimeout(() => this.#drawInFrame(), rest);
    else this.#drawInFrame();
    return undefined;
  }

  /** However long it takes to draw, at least half of the time is left for everything else. */
  #drawInFrame() {
    if (document.hidden) return this.draw();
    requestAnimationFrame((began) => {
      this.draw();
      setTimeout(() => {
        const now = performance.now();
        this.#restUntil = now + (now - began);
      });
    });
    return undefined;
  }

  /** Shows what has come since the last frame, at once. */
  draw() {
    this.#drawing = false;
    if (this.#next) this.run.value = this.#next;
    this.#next = null;
  }
}

/** Stored messages, oldest first, as turns; known turns are added to. */
export function turnsOf(messages, known = []) {
  const turns = new Map(known.map((turn) => [turn.runId ?? turn.key, turn]));
  const touched = new Set();
  for (const message of messages) {
    const key = message.run_id ?? message.id;
    if (!turns.has(key)) turns.set(key, new Turn(key));
    turns.get(key).addStored(message);
    touched.add(turns.get(key));
  }
  return [...touched];
}
