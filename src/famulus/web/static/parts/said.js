// What a person said: as it is sent, as it was kept, and while it is being changed.
import { copyText } from "../app/clipboard.js";
import { html, useEffect, useRef, useState } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { moment } from "../app/times.js";
import { AttachedFiles } from "./files/attached.js";
import { Copy, Pencil } from "./icons.js";
import { Reference } from "./reference.js";

export function Said({ user, turn, chat }) {
  const delivery = turn.delivery.value;
  const editing = turn.editing.value;
  const edit = (begin) => () => (turn.editing.value = begin);
  if (editing) return html`<${Editor} turn=${turn} chat=${chat} text=${user.text} onEnd=${edit(false)} />`;
  return html`<div class="said ${delivery}">
    <h3 class="off-screen">You said</h3>
    ${user.files?.length > 0 && html`<${AttachedFiles} files=${user.files} />`}
    <div class="said-line">
      <div class="bubble" title=${moment(user.at)}>${user.text}</div>
      ${delivery === "kept" && html`<${SaidTools} user=${user} turn=${turn} onEdit=${edit(true)} />`}
    </div>
    ${delivery === "waiting" && html`<${Waiting} turn=${turn} chat=${chat} />`}
    ${delivery === "unsent" && html`<${Unsent} turn=${turn} chat=${chat} />`}
  </div>`;
}

function SaidTools({ user, turn, onEdit }) {
  const copy = async () => (await copyText(user.text)) && tell("Copied.");
  return html`<div class="turn-tools">
    <button type="button" class="icon" aria-label="Copy what you said" title="Copy" onClick=${copy}><${Copy} /></button>
    ${(turn.messageId || turn.run.value?.user) &&
    html`<button type="button" class="icon" aria-label="Edit and send again" title="Edit and send again" onClick=${onEdit}><${Pencil} /></button>`}
  </div>`;
}

function Editor({ turn, chat, text, onEnd }) {
  const field = useRef(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    field.current.focus();
    field.current.setSelectionRange(text.length, text.length);
    grow(field.current);
  }, []);
  const save = async (event) => {
    event?.preventDefault();
    const said = field.current.value.trim();
    if (!said || busy) return;
    setBusy(true);
    await attempt(chat.edit(turn, said));
    setBusy(false);
    onEnd();
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") onEnd();
    else if (event.key === "Enter" && !event.shiftKey) save(event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<form class="editor" onSubmit=${save}>
    <label class="off-screen" for="edited">Your message</label>
    <textarea id="edited" ref=${field} rows="2" defaultValue=${text} onInput=${(event) => grow(event.target)} onKeyDown=${onKeyDown}></textarea>
    <div class="buttons">
      <span class="aside">What came after it leaves the conversation.</span>
      <button type="button" onClick=${onEnd}>Cancel</button>
      <button class="primary" disabled=${busy}>Send</button>
    </div>
  </form>`;
}

export function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function Waiting({ turn, chat }) {
  return html`<p class="not-sent waiting" role="status">
    <span>Kept here, and sent as soon as Famulus can be reached.</span>
    <button type="button" class="quiet" onClick=${() => chat.discard(turn)}>Discard</button>
  </p>`;
}

function Unsent({ turn, chat }) {
  return html`<p class="not-sent" role="alert">
    <span>Not sent. ${turn.problem.value?.message}<${Reference} id=${turn.problem.value?.correlationId} /></span>
    <button type="button" class="quiet" onClick=${() => chat.sendAgain(turn)}>Try again</button>
    <button type="button" class="quiet" onClick=${() => chat.discard(turn)}>Discard</button>
  </p>`;
}
