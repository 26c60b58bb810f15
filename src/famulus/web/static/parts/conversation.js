import { html, useEffect, useMemo, useRef, useState } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { route } from "../app/route.js";
import { change, deviceZone, model, person } from "../app/session.js";
import { Composer } from "./composer.js";
import { Down } from "./icons.js";
import { Nearby } from "./nearby.js";
import { Skeleton } from "./page.js";
import { Reference } from "./reference.js";
import { commandKey } from "./sidebar.js";
import { TurnView } from "./turn.js";

/** Within this many pixels of its end, a conversation scrolls along with what is being written. */
const NEAR = 80;
/** So many of the last turns are drawn at once, since a conversation is opened at its end. */
const LAST = 6;
/** So many frames a place is gone to before it stays where it is. */
const SETTLING = 8;
const SOON = "1200px 0px";
const ANCHORS = CSS.supports("overflow-anchor", "auto");

export function Conversation({ chat }) {
  const scroller = useRef(null);
  const [away, setAway] = useState(false);
  const { toEnd: stick, letGo } = useStick(scroller, setAway, chat);
  useArrival(chat, letGo);
  const nearby = useMemo(() => new Nearby(), [chat]);
  const turns = chat.turns.value;
  const stage = chat.stage.value;

  return html`<section class="conversation" aria-label="Conversation">
    <div class="scroller" ref=${scroller} tabindex="-1">
      <div class="column">
        ${stage === "loading" && html`<div class="opening"><${Skeleton} /></div>`}
        ${stage === "missing" && html`<${Missing} />`} ${stage === "failed" && html`<${Failed} chat=${chat} />`}
        ${stage === "ready" && !turns.length && html`<${Beginning} chat=${chat} />`}
        ${chat.earlier.value && html`<${Earlier} chat=${chat} scroller=${scroller} />`}
        <ol class="turns">
          ${turns.map(
            (turn, at) => html`<${TurnView} key=${turn.key} turn=${turn} chat=${chat} nearby=${nearby} isLast=${at > turns.length - LAST} />`,
          )}
        </ol>
      </div>
    </div>
    <div class="column foot">
      ${away &&
      html`<button type="button" class="round latest" aria-label="Go to the latest" onClick=${stick}><${Down} /></button>`}
      ${stage !== "missing" && html`<${Composer} chat=${chat} onSend=${stick} />`}
      <p class="keys" aria-hidden="true">
        <b>Enter</b> sends<span>·</span><b>Shift Enter</b> new line<span>·</span><b>Esc</b> stops<span>·</span>
        <b>${commandKey} K</b> anything<span>·</span><b>?</b> all keys
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
  const letGo = () => (following.current = false);
  return { toEnd, letGo };
}

/** Goes to the message that the address names, once; it may have to be fetched first. */
function useArrival(chat, letGo) {
  const wanted = route.value.id === chat.id.value ? route.value.at : null;
  const ready = chat.stage.value === "ready";
  useEffect(() => {
    if (!wanted || !ready) return undefined;
    let left = false;
    letGo();
    chat.turnWith(wanted).then(async (turn) => {
      if (!turn) return left || tell("That message is not in this conversation any more.");
      // What is above is drawn as it comes near, and only then is as high as it is.
      for (let tries = 0; tries < SETTLING && !left; tries += 1) {
        document.getElementById(`turn-${turn.key}`)?.scrollIntoView({ block: "start" });
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
      return left || document.getElementById(`turn-${turn.key}`)?.classList.add("arrived");
    });
    return () => {
      left = true;
    };
  }, [chat, wanted, ready]);
}

/** Fetches what was said earlier as the reader comes near it. */
function Earlier({ chat, scroller }) {
  const place = useRef(null);
  const busy = useRef(false);
  const load = async () => {
    if (busy.current) return;
    busy.current = true;
    const box = scroller.current;
    const below = box.scrollHeight - box.scrollTop;
    await chat.loadEarlier();
    busy.current = false;
    // At the very top, and where a browser does not do it, nothing else keeps what is read in its place.
    if (box.scrollTop === 0 || !ANCHORS) requestAnimationFrame(() => (box.scrollTop = box.scrollHeight - below));
  };
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && load(), {
      root: scroller.current,
      rootMargin: SOON,
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [chat.earlier.value]);
  return html`<p class="centred" ref=${place}><button type="button" class="quiet" onClick=${load}>Earlier messages</button></p>`;
}

function Missing() {
  return html`<div class="beginning" role="alert">
    <h1>There is no such conversation</h1>
    <p>It may have been deleted, or the address is not quite right.</p>
    <a class="button" href="#/">Start a new one</a>
  </div>`;
}

function Failed({ chat }) {
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
    <${FirstSteps} />
    <${ZoneOffer} />
    ${standIn && html`<${NoModel} />`}
  </div>`;
}

/** A word to somebody new; fetched when needed. */
function FirstSteps() {
  const [Shown, show] = useState(null);
  useEffect(() => void import("./invitation.js").then(({ Invitation }) => show(() => Invitation), () => null), []);
  return Shown && html`<${Shown} />`;
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
