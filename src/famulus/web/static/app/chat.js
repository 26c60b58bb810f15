// One conversation on the screen: its turns, what is being sent, and the run that is being followed.
import { conversations as api, runs, Unreachable } from "./api.js";
import { pause } from "./connection.js";
import * as conversations from "./conversations.js";
import { isOver } from "./fold.js";
import { dropUnsent, keepUnsent, unsent } from "./keep.js";
import { computed, effect, signal } from "./lib.js";
import { attempt } from "./notices.js";
import { follow } from "./stream.js";
import { Turn, turnsOf } from "./turn.js";

/** A title is made after the answer; by the second look it is usually there. */
const TITLE_LOOKS = [0, 1_500, 5_000];

/** So far back a message is looked for: six thousand messages. */
const MOST_PAGES_BACK = 100;

const LONGEST_PAUSE = 15_000;

const tellsMore = ({ type, step_details: details }) => type === "tool_calls" || Boolean(details.reasoning);

export class Chat {
  turns = signal([]);
  /** `loading`, `ready`, `missing`, or `failed` with a problem. */
  stage = signal("ready");
  problem = signal(null);
  earlier = signal(null);
  atWork = computed(() => this.turns.value.filter((turn) => turn.isAtWork));
  #left = new AbortController();
  #following = false;
  #line = Promise.resolve();
  #startKey = null;

  constructor(id) {
    this.id = signal(id);
    if (id) this.load();
    else this.#adoptUnsent();
  }

  leave() {
    this.#left.abort();
  }

  async load() {
    const before = this.turns.peek();
    if (!before.length) this.stage.value = "loading";
    try {
      const id = this.id.peek();
      const [conversation, page] = await Promise.all([api.find(id), api.messages(id)]);
      conversations.put(conversation);
      this.earlier.value = page.has_more ? page.next : null;
      const turns = turnsOf(page.data.reverse());
      await this.#settle(turns, conversation.active_run_id);
      // What was said meanwhile is followed already, and may be among what is stored by now.
      const said = this.turns.peek().filter((turn) => !before.includes(turn));
      const known = new Set(said.flatMap(({ runId }) => runId ?? []));
      this.turns.value = [...turns.filter(({ runId }) => !known.has(runId)), ...said];
      this.#adoptUnsent();
      this.stage.value = "ready";
      this.#followNext();
      if (conversation.unread) conversations.change(id, { unread: false });
    } catch (error) {
      this.problem.value = error;
      this.stage.value = error.status === 404 || error.status === 422 ? "missing" : "failed";
    }
  }

  /** How a run was made, for whoever asks: its model, its time and what it used. */
  async describe(turn) {
    const run = await runs.find(turn.runId);
    const { usage, model, memories, degraded, started_at: startedAt, ended_at: endedAt, correlation_id: correlationId } = run;
    turn.run.value = { ...turn.run.peek(), usage, model, memories, degraded, startedAt, endedAt, correlationId };
    return run;
  }

  async #settle(turns, activeRunId) {
    const open = (turn) => turn.runId && (turn.runId === activeRunId || !turn.isSettled);
    await Promise.all(
      turns.map(async (turn) => (open(turn) ? turn.take(await runs.find(turn.runId)) : turn.showStored())),
    );
  }

  #adoptUnsent() {
    const here = new Set(this.turns.peek().map((turn) => turn.clientId));
    for (const { clientId, text, files } of unsent(this.id.peek())) {
      if (here.has(clientId)) continue;
      const turn = Turn.written(text, { clientId, files });
      turn.delivery.value = "unsent";
      this.turns.value = [...this.turns.value, turn];
    }
  }

  async loadEarlier() {
    const page = await attempt(api.messages(this.id.peek(), this.earlier.peek()));
    if (!page) return;
    const known = this.turns.peek();
    const found = turnsOf(page.data.reverse(), known);
    await attempt(this.#settle(found.filter((turn) => !turn.isAtWork), null));
    this.turns.value = [...found.filter((turn) => !known.includes(turn)), ...known];
    this.earlier.value = page.has_more ? page.next : null;
  }

  /** The turn that a message belongs to, however long ago it was said; nothing when it is not there any more. */
  async turnWith(messageId) {
    for (let pages = 0; pages < MOST_PAGES_BACK; pages += 1) {
      const found = this.turns.peek().find((turn) => turn.has(messageId));
      if (found || !this.earlier.peek()) return found;
      const before = this.earlier.peek();
      await this.loadEarlier();
      if (this.earlier.peek() === before) return undefined;
    }
    return undefined;
  }

  /** Fetches what a stored turn's messages do not tell: its tool calls. */
  async loadSteps(turn) {
    if (turn.detailed || turn.isAtWork || !turn.runId) return;
    turn.detailed = true;
    try {
      const steps = [];
      for (let after; ; ) {
        const page = await runs.steps(turn.runId, after);
        steps.push(...page.data);
        if (!page.has_more) break;
        after = page.next;
      }
      const view = turn.run.peek();
      if (view.blocks.length && !steps.some(tellsMore)) return;
      turn.showStored(await runs.find(turn.runId), steps);
    } catch {
      turn.detailed = false;
    }
  }

  send(text, files = []) {
    const turn = Turn.written(text, { files });
    this.turns.value = [...this.turns.value, turn];
    this.#enqueue(turn);
  }

  /**
   * Says something else in the place of a turn's question, or, without a text, the same again. What came after it
   * leaves the conversation, so an answer that is still being made is stopped first.
   */
  async edit(turn, text = turn.user.peek().text) {
    const messageId = turn.messageId;
    if (!messageId) return;
    await this.#rest();
    const before = this.turns.peek();
    const fresh = Turn.written(text, { files: turn.user.peek().files });
    this.turns.value = [...before.slice(0, before.indexOf(turn)), fresh];
    try {
      this.#accepted(fresh, await this.#untilReached(() => api.edit(this.id.peek(), messageId, fresh.said)));
    } catch (error) {
      this.turns.value = before;
      throw error;
    }
  }

  /** Stops what is at work, and resolves when nothing is. */
  async #rest() {
    for (const turn of this.atWork.peek()) this.stop(turn);
    await new Promise((resolve) => {
      const finish = effect(() => {
        if (!this.atWork.value.length) queueMicrotask(() => (finish(), resolve()));
      });
    });
  }

  /** The same message again, under the same id: the server knows whether it already has it. */
  sendAgain(turn) {
    turn.delivery.value = "sending";
    this.#enqueue(turn);
  }

  discard(turn) {
    turn.delivery.value = "discarded";
    dropUnsent(turn.clientId);
    this.turns.value = this.turns.value.filter((other) => other !== turn);
  }

  #enqueue(turn) {
    this.#keepUnsent(turn);
    this.#line = this.#line.then(() => this.#deliver(turn));
  }

  #keepUnsent({ clientId, user }) {
    keepUnsent({ chatId: this.id.peek(), clientId, text: user.peek().text, files: user.peek().files });
  }

  async #deliver(turn) {
    try {
      const run = await this.#untilReached(() => this.#hand(turn), turn);
      if (run) this.#accepted(turn, run);
    } catch (error) {
      turn.problem.value = error;
      turn.delivery.value = "unsent";
    }
  }

  /** Tries for as long as there is no answer; one that is no is passed on. */
  async #untilReached(act, turn = null) {
    for (let tries = 1; ; tries += 1) {
      if (turn?.delivery.peek() === "discarded") return null;
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        if (turn) turn.delivery.value = "waiting";
        await pause(Math.min(500 * 2 ** tries, LONGEST_PAUSE));
        if (turn?.delivery.peek() === "waiting") turn.delivery.value = "sending";
      }
    }
  }

  #accepted(turn, run) {
    dropUnsent(turn.clientId);
    // Sent before a reload that lost the answer: the stored message is already on the page.
    if (this.turns.peek().some((other) => other.runId === run.id)) {
      this.discard(turn);
      return;
    }
    turn.delivery.value = "kept";
    turn.begin(run);
    const id = this.id.peek();
    conversations.put({ ...conversations.known(id), active_run_id: run.id, updated_at: run.created_at });
    // Not waited for: the next message need not wait for this one's answer.
    this.#followNext();
  }

  async #hand(turn) {
    if (!this.id.peek()) {
      this.#startKey ??= turn.clientId;
      const conversation = await api.start(`start-${this.#startKey}`);
      conversations.put(conversation);
      this.id.value = conversation.id;
      this.#keepUnsent(turn);
    }
    return api.send(this.id.peek(), turn.said);
  }

  async stop(turn = this.atWork.value[0]) {
    if (!turn || turn.stopping.peek()) return;
    turn.stopping.value = true;
    const run = await attempt(runs.cancel(turn.runId));
    if (!run) turn.stopping.value = false;
    // A run that never began has no events worth following, and another one may be followed now.
    else if (isOver(run) && turn !== this.atWork.value[0]) turn.take(run);
  }

  /** Follows the runs of this conversation one after the other; only one of them is ever at work. */
  async #followNext() {
    if (this.#following || this.#left.signal.aborted) return;
    const turn = this.atWork.value[0];
    if (!turn) return;
    this.#following = true;
    await this.#follow(turn);
    this.#following = false;
    if (this.#left.signal.aborted) return;
    this.#followNext();
    this.#learnTitle();
  }

  async #follow(turn) {
    try {
      await follow(turn.runId, turn.cursor, (name, data) => turn.apply(name, data), this.#left.signal);
      turn.draw();
      if (!this.#left.signal.aborted && turn.isAtWork) await this.#readStored(turn);
    } catch (error) {
      turn.draw();
      const { message, correlationId } = error;
      turn.run.value = { ...turn.run.peek(), status: "failed", done: true, error: { message }, correlationId };
    }
  }

  /** The stream had nothing more to tell; how the run ended is in the store. */
  async #readStored(turn) {
    const [run, page] = await Promise.all([runs.find(turn.runId), api.messages(this.id.peek())]);
    turn.answers = [];
    turnsOf(page.data.filter((message) => message.run_id === run.id).reverse(), [turn]);
    turn.showStored(run);
    await this.loadSteps(turn);
  }

  async #learnTitle() {
    for (const wait of TITLE_LOOKS) {
      await pause(wait, this.#left.signal);
      await conversations.refreshOne(this.id.peek()).catch(() => {});
      const conversation = conversations.known(this.id.peek());
      if (this.#left.signal.aborted || !conversation) return;
      if (conversation.unread && !document.hidden) conversations.change(conversation.id, { unread: false });
      if (conversation.title_source !== "default") return;
    }
  }
}
