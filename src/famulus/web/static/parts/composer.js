import { html, useEffect, useLayoutEffect, useRef, useState } from "../app/lib.js";
import { draft, keepDraft } from "../app/keep.js";
import { Chosen } from "./files/attached.js";
import { useChosenFiles } from "./files/choosing.js";
import { Clip, Send, Stop } from "./icons.js";
import { grow } from "./said.js";

// On a touch screen the keyboard's Enter is the only way to a new line.
const touch = matchMedia("(hover: none) and (pointer: coarse)");

export function Composer({ chat, onSend }) {
  const field = useRef(null);
  const id = chat.id.value;
  const [text, setText] = useState(() => draft(id));
  const chooser = useRef(null);
  const chosen = useChosenFiles();
  const working = chat.atWork.value.length > 0;
  const ready = text.trim() || chosen.kept.length > 0 || chosen.isUnderway;
  const [hurried, hurry] = useState(false);

  useEffect(() => touch.matches || field.current.focus(), [chat]);
  useEffect(() => keepDraft(id, text), [id, text]);
  useLayoutEffect(() => grow(field.current), [text]);

  const send = () => {
    if (!ready) return;
    // Sent once its files are there, unless one of them cannot be had.
    if (chosen.isUnderway) return void hurry(true);
    hurry(false);
    const files = chosen.kept.map(({ id: fileId, name, size, media_type: type }) => ({ id: fileId, name, size, media_type: type }));
    setText("");
    keepDraft(id, "");
    chosen.clear();
    chat.send(text.trim() || (files.length > 1 ? "Here are some files." : "Here is a file."), files);
    onSend();
  };
  useEffect(() => {
    if (!hurried || chosen.isUnderway) return;
    if (chosen.files.some(({ problem }) => problem)) hurry(false);
    else send();
  }, [hurried, chosen.isUnderway]);
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

  const filesOf = (transfer) => [...(transfer?.files ?? [])];
  const onPaste = (event) => {
    const pasted = filesOf(event.clipboardData);
    if (!pasted.length) return;
    event.preventDefault();
    chosen.take(pasted);
  };
  useDropZone(field, chosen.take);

  return html`<form class="composer-frame" onSubmit=${onSubmit}>
    <${Chosen} files=${chosen.files} onDrop=${chosen.drop} />
    ${hurried && html`<p class="aside" role="status">Sent as soon as its files are here.</p>`}
    <div class="composer">
    <input ref=${chooser} type="file" multiple hidden onChange=${(event) => (chosen.take(event.target.files), (event.target.value = ""))} />
    <button type="button" class="icon attach" aria-label="Attach files" title="Attach files" onClick=${() => chooser.current.click()}><${Clip} /></button>
    <label class="off-screen" for="message">Message</label>
    <textarea id="message" ref=${field} rows="1" value=${text} placeholder=${working ? "Add something…" : "Ask Famulus…"}
      enterkeyhint=${touch.matches ? "enter" : "send"} autocomplete="off"
      onInput=${(event) => setText(event.target.value)} onKeyDown=${onKeyDown} onPaste=${onPaste}></textarea>
    <div class="composer-buttons">
      ${working &&
      html`<button type="button" class="round" onClick=${() => chat.stop()} aria-label="Stop" title="Stop (Esc)">
        <${Stop} />
      </button>`}
      ${(!working || ready) &&
      html`<button type="submit" class="round send" disabled=${!ready} title="Send (Enter)"
        aria-label=${working ? "Send after this answer" : "Send"}>
        <${Send} />
      </button>`}
    </div>
    </div>
  </form>`;
}

/** Files may be dropped anywhere on the conversation. */
function useDropZone(field, take) {
  useEffect(() => {
    const zone = field.current.closest("main");
    const isFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const onOver = (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      zone.classList.add("dropping");
    };
    const onLeave = (event) => zone.contains(event.relatedTarget) || zone.classList.remove("dropping");
    const onDrop = (event) => {
      zone.classList.remove("dropping");
      if (!isFiles(event)) return;
      event.preventDefault();
      take(event.dataTransfer.files);
    };
    const all = { dragover: onOver, dragleave: onLeave, drop: onDrop };
    for (const [name, listener] of Object.entries(all)) zone.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(all)) zone.removeEventListener(name, listener);
    };
  }, []);
}

/** Opens the person's last message for a change; whether there is one. */
function editLast(chat) {
  const turn = chat.turns.peek().findLast(({ messageId }) => messageId);
  if (turn) turn.editing.value = true;
  return Boolean(turn);
}
