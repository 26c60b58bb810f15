import { connected } from "../connection.js";
import { current, startNew } from "../current.js";
import { html, useEffect, useState } from "../lib.js";
import { dismiss, notices } from "../notices.js";
import { route } from "../route.js";
import { stage } from "../session.js";
import { Question } from "./ask.js";
import { Conversation } from "./conversation.js";
import { ConnectHint, Header } from "./header.js";
import { Close } from "./icons.js";
import { Settings } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { Reference } from "./turn.js";
import { Welcome } from "./welcome.js";

export function App() {
  const shown = stage.value === "in" && route.value.name !== "join" && current.value;
  return html`${!connected.value && html`<p class="banner" role="status">Famulus cannot be reached. Trying again…</p>`}
    ${stage.value === "loading" ? null : shown ? html`<${Home} chat=${current.value} />` : html`<${Welcome} />`}
    <${Notices} />`;
}

function Home({ chat }) {
  const [menu, setMenu] = useState(false);
  const [settings, setSettings] = useState(false);
  useKeys(chat, menu, setMenu);
  useEffect(() => menu && document.querySelector(".side .new").focus(), [menu]);
  const closeMenu = () => setMenu(false);
  const openSettings = () => {
    setMenu(false);
    setSettings(true);
  };
  return html`<div class="home">
    <${Sidebar} open=${menu} onClose=${closeMenu} onSettings=${openSettings} />
    ${menu && html`<div class="scrim" onClick=${closeMenu}></div>`}
    <main class="main" inert=${menu}>
      <${Header} chat=${chat} onMenu=${() => setMenu(true)} />
      <${Conversation} key=${chat} chat=${chat} />
    </main>
    <${Announcer} chat=${chat} />
    <${ConnectHint} /><${Question} />
    ${settings && html`<${Settings} onClose=${() => setSettings(false)} />`}
  </div>`;
}

function useKeys(chat, menu, setMenu) {
  useEffect(() => {
    const onKeyDown = (event) => {
      if (event.defaultPrevented || document.querySelector("dialog[open], [popover]:popover-open")) return;
      if (event.key === "Escape" && menu) return void setMenu(false);
      if (event.key === "Escape" && !event.isComposing) return void chat.stop();
      if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        startNew();
      }
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [chat, menu]);
}

const SPOKEN = 600;

/** Tells a screen reader when an answer begins, and reads it once it is there. */
function Announcer({ chat }) {
  const [words, say] = useState("");
  const working = chat.atWork.value[0] ?? null;
  useEffect(() => {
    if (!working) return undefined;
    say("Famulus is answering.");
    return () => say(spoken(working.run.peek()));
  }, [working]);
  return html`<p class="off-screen" role="status" aria-live="polite">${words}</p>`;
}

function spoken(view) {
  if (view.status === "cancelled") return "Stopped.";
  const text = view.blocks.findLast((block) => block.kind === "text")?.text ?? "";
  return text.length > SPOKEN ? `${text.slice(0, SPOKEN)}… The answer goes on.` : text;
}

function Notices() {
  return html`<div class="notices" aria-live="assertive">
    ${notices.value.map(
      ({ id, message, correlationId }) => html`<p key=${id} class="notice">
        <span>${message}<${Reference} id=${correlationId} /></span>
        <button type="button" class="icon" aria-label="Dismiss" onClick=${() => dismiss(id)}><${Close} /></button>
      </p>`,
    )}
  </div>`;
}
