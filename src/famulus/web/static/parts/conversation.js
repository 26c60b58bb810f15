import { html, useEffect, useLayoutEffect, useRef, useState } from "../app/lib.js";
import { attempt } from "../app/notices.js";
import { change, deviceZone, model, person } from "../app/session.js";
import { Composer } from "./composer.js";
import { Down } from "./icons.js";
import { Reference } from "./reference.js";
import { commandKey } from "./sidebar.js";
import { TurnView } from "./turn.js";

/** Within this many pixels of its end, a conversation scrolls along with what is being written. */
const NEAR = 80;

export function Conversation({ chat }) {
  const scroller = useRef(null);
  const [away, setAway] = useState(false);
  const stick = useStick(scroller, setAway, chat);
  const turns = chat.turns.value;
  const stage = chat.stage.value;

  return html`<section class="conversation" aria-label="Conversation">
    <div class="scroller" ref=${scroller} tabindex="-1">
      <div class="column">
        ${stage === "loading" && html`<p class="aside centred" role="status">Opening…</p>`}
        ${stage === "missing" && html`<${Missing} />`} ${stage === "failed" && html`<${Trouble} chat=${chat} />`}
        ${stage === "ready" && !turns.length && html`<${Beginning} chat=${chat} />`}
        ${chat.earlier.value && html`<${Earlier} chat=${chat} scroller=${scroller} />`}
        <ol class="turns">
          ${turns.map((turn) => html`<${TurnView} key=${turn.key} turn=${turn} chat=${chat} />`)}
        </ol>
      </div>
    </div>
    <div class="column foot">
      ${away &&
      html`<button type="button" class="round latest" aria-label="Go to the latest" onClick=${stick}><${Down} /></button>`}
      ${stage !== "missing" && html`<${Composer} chat=${chat} onSend=${stick} />`}
      <p class="keys" aria-hidden="true">
        <kbd>Enter</kbd> sends<span>·</span><kbd>Shift Enter</kbd> new line<span>·</span><kbd>Esc</kbd> stops<span>·</span>
        <kbd>${commandKey} K</kbd> anything
      </p>
    </div>
  </section>`;
}

/** Keeps the end in sight, unless the reader has scrolled away from it; returns a way back to the end. */
function useStick(scroller, setAway, chat) {
  const following = useRef(true);
  const toEnd = () => {
    following.current = true;
    if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  };
  useEffect(() => {
    const box = scroller.current;
    const onScroll = () => {
      const isAway = box.scrollHeight - box.scrollTop - box.clientHeight > NEAR;
      following.current = !isAway;
      setAway(isAway);
    };
    const resized = new ResizeObserver(() => following.current && toEnd());
    resized.observe(box.firstElementChild);
    resized.observe(box);
    box.addEventListener("scroll", onScroll, { passive: true });
    toEnd();
    return () => {
      resized.disconnect();
      box.removeEventListener("scroll", onScroll);
    };
  }, [chat]);
  return toEnd;
}

function Earlier({ chat, scroller }) {
  const [busy, setBusy] = useState(false);
  const below = useRef(null);
  const load = async () => {
    setBusy(true);
    below.current = scroller.current.scrollHeight - scroller.current.scrollTop;
    await chat.loadEarlier();
    setBusy(false);
  };
  useLayoutEffect(() => {
    if (below.current === null || busy) return;
    scroller.current.scrollTop = scroller.current.scrollHeight - below.current;
    below.current = null;
  }, [busy]);
  return html`<p class="centred">
    <button type="button" class="quiet" disabled=${busy} onClick=${load}>${busy ? "Loading…" : "Earlier messages"}</button>
  </p>`;
}

function Missing() {
  return html`<div class="beginning" role="alert">
    <h1>There is no such conversation</h1>
    <p>It may have been deleted, or the address is not quite right.</p>
    <a class="button" href="#/">Start a new one</a>
  </div>`;
}

function Trouble({ chat }) {
  const problem = chat.problem.value;
  return html`<div class="beginning" role="alert">
    <h1>This cannot be shown right now</h1>
    <p>${problem.message}<${Reference} id=${problem.correlationId} /></p>
    <button type="button" onClick=${() => chat.load()}>Try again</button>
  </div>`;
}

/** The stand-in is offered what it can do. */
const FOR_THE_STAND_IN = ["What time is it?", "What is 17 * 23?", "Count to 40", "Hello! Who are you?"];
const FOR_A_MODEL = ["What can you do for me?", "Help me plan my week.", "What time is it in Tokyo?"];

function Beginning({ chat }) {
  const standIn = model.value?.offline;
  return html`<div class="beginning">
    <h1>${greeting()}</h1>
    <p>Write a message below, or begin with one of these.</p>
    <ul class="suggestions">
      ${(standIn ? FOR_THE_STAND_IN : FOR_A_MODEL).map(
        (words) => html`<li><button type="button" onClick=${() => chat.send(words)}>${words}</button></li>`,
      )}
    </ul>
    <${ZoneOffer} />
    ${standIn && html`<${NoModel} />`}
  </div>`;
}

function greeting() {
  const hour = new Date().getHours();
  if (hour < 5) return "Still awake? How can I help?";
  if (hour < 12) return "Good morning. How can I help?";
  return hour < 18 ? "Good afternoon. How can I help?" : "Good evening. How can I help?";
}

/** Until a person has chosen a zone, the server knows none and assumes UTC. */
function ZoneOffer() {
  if (person.value?.zone !== "UTC" || deviceZone === "UTC" || !deviceZone) return null;
  const accept = () => attempt(change({ zone: deviceZone }));
  return html`<p class="aside">
    Your times are shown in UTC.${" "}
    <button type="button" class="link" onClick=${accept}>Use ${deviceZone} instead</button>
  </p>`;
}

function NoModel() {
  return html`<p class="hint">
    No language model is connected yet. Until then a small stand-in answers: it shows how everything works, but it
    does not think.${" "}
    <button type="button" class="link" popovertarget="connect-a-model">How to connect a model</button>
  </p>`;
}
