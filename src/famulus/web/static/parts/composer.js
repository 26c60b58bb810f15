import { html, useEffect, useLayoutEffect, useRef, useState } from "../app/lib.js";
import { draft, keepDraft } from "../app/keep.js";
import { Send, Stop } from "./icons.js";
import { grow } from "./said.js";

// On a touch screen the keyboard's Enter is the only way to a new line.
const touch = matchMedia("(hover: none) and (pointer: coarse)");

export function Composer({ chat, onSend }) {
  const field = useRef(null);
  const id = chat.id.value;
  const [text, setText] = useState(() => draft(id));
  const working = chat.atWork.value.length > 0;

  useEffect(() => touch.matches || field.current.focus(), [chat]);
  useEffect(() => keepDraft(id, text), [id, text]);
  useLayoutEffect(() => grow(field.current), [text]);

  const send = () => {
    if (!text.trim()) return;
    setText("");
    keepDraft(id, "");
    chat.send(text.trim());
    onSend();
  };
  const onKeyDown = (event) => {
    const writing = event.isComposing || event.keyCode === 229;
    if (event.key === "ArrowUp" && !text && editLast(chat)) return void event.preventDefault();
    if (event.key !== "Enter" || event.shiftKey || writing || touch.matches) return;
    event.preventDefault();
    send();
  };
  const onSubmit = (event) => {
    event.preventDefault();
    send();
  };

  return html`<form class="composer" onSubmit=${onSubmit}>
    <label class="off-screen" for="message">Message</label>
    <textarea id="message" ref=${field} rows="1" value=${text} placeholder=${working ? "Add something…" : "Ask Famulus…"}
      enterkeyhint=${touch.matches ? "enter" : "send"} autocomplete="off"
      onInput=${(event) => setText(event.target.value)} onKeyDown=${onKeyDown}></textarea>
    <div class="composer-buttons">
      ${working &&
      html`<button type="button" class="round" onClick=${() => chat.stop()} aria-label="Stop" title="Stop (Esc)">
        <${Stop} />
      </button>`}
      ${(!working || text.trim()) &&
      html`<button type="submit" class="round send" disabled=${!text.trim()} title="Send (Enter)"
        aria-label=${working ? "Send after this answer" : "Send"}>
        <${Send} />
      </button>`}
    </div>
  </form>`;
}

/** Opens the person's last message for a change; whether there is one. */
function editLast(chat) {
  const turn = chat.turns.peek().findLast(({ messageId }) => messageId);
  if (turn) turn.editing.value = true;
  return Boolean(turn);
}
